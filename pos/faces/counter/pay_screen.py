"""Taking money: a method, an amount, and what is still to pay. A scan never fills or confirms."""

import time
from collections.abc import Callable, Sequence

import msgspec
from textual.widgets import Input

from pos.faces.counter.words import METHOD_NAMES
from pos.rules.notes import NOTES_FEN, likely_cash
from pos.rules.order import METHODS, Method
from pos.rules.payment_codes import read_wallet_code
from pos.rules.tender import Due, Settlement, Tender
from pos.services.checkout import Completed
from sync.faces.screen.dialogs import Dialog
from sync.faces.screen.entry import Entry
from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Row, big, center, pair
from sync.language import Language
from sync.rules.money import format_yuan, parse_yuan
from sync.rules.refusal import Refused

HASTE_S = 0.3  # Enter so soon after a question was shown does not answer it


class Till(msgspec.Struct, frozen=True):
    """What the pay dialog asks of register and checkout, for the cart at hand.

    `taken` is what was handed over before; `take` keeps what is handed over in parts.
    """

    taken: Sequence[Tender]
    take: Callable[[Sequence[Tender]], Refused | None]
    due: Callable[[Sequence[Tender]], Due | Refused]
    quote: Callable[[Sequence[Tender]], Settlement | Refused]
    complete: Callable[[Sequence[Tender]], Completed | Refused]


class PayScreen(Dialog[Completed]):
    """Answers with the completed sale; Esc goes back to the cart, nothing booked nor kept."""

    WIDTH = 70

    def __init__(self, say: Language, till: Till) -> None:
        super().__init__(say, say("Take payment"))
        self._till = till
        self._method: Method = "cash"
        self._tenders = list(till.taken)
        self._offer = 0
        self._sure_of: list[Tender] | None = None  # what Enter once more takes all the same
        self._asked_s = 0.0
        self._leaving = False  # Esc once more gives up what was taken
        self._returning = False  # Backspace once more gives up the last part
        self._erased_s = 0.0
        self._opened_s = time.monotonic()
        self._due = till.due(till.taken)
        self._amount = Entry(id="amount", most=12)
        self._reference = Entry(id="reference", most=64)
        self._reference.placeholder = say("Transaction number, if wanted (Tab)")

    def lines(self) -> Sequence[Entry]:
        """The amount, and a wallet's own number."""
        return (self._amount, self._reference)

    def foot(self) -> str:
        """The keys that matter here."""
        return self.say("F1-F5 or ← →: how  ·  ↑ ↓: sum  ·  Enter: taken  ·  Esc: back")

    def body(self) -> list[Row]:
        """The sum, the methods, what was taken so far, what is likely handed over."""
        left = center(self.say("Still to pay") if self._tenders else self.say("To pay"), self.inner)
        rows: list[Row] = [((left, "dim"),), EMPTY]
        rows += [
            ((center(line, self.inner), "money"),)
            for line in big(format_yuan(self._left_fen), self.inner)
        ]
        rows += [EMPTY, self._methods(), EMPTY]
        for tender in self._tenders:
            name = self.say(METHOD_NAMES[tender.method])
            rows.append(pair(f"✓ {name}", format_yuan(tender.amount_fen), self.inner, "good"))
        return [*rows, self._offers()]

    @property
    def _left_fen(self) -> int:
        if isinstance(self._due, Refused):
            return 0
        return self._due.cash_fen if self._method == "cash" else self._due.wallet_fen

    def _methods(self) -> Row:
        row: Row = ()
        for place, method in enumerate(METHODS, 1):
            chosen = method == self._method
            name: Tone = "chosen" if chosen else "plain"
            row = (
                *row,
                (f" F{place} ", "chosen_money" if chosen else "bar_key"),
                (f"{self.say(METHOD_NAMES[method])} ", name),
                (" ", "plain"),
            )
        return row

    def _offers(self) -> Row:
        if self._method != "cash":
            sum_ = format_yuan(self._left_fen)
            text = self.say("Collect {sum} on the merchant's device, then Enter.", sum=sum_)
            return ((text, "strong"),)
        row: Row = ()
        for place, fen in enumerate(likely_cash(self._left_fen)):
            text = format_yuan(fen) if place else self.say("exactly {sum}", sum=format_yuan(fen))
            chosen = place == self._offer and not self._amount.value
            row = (*row, (f" {text} ", "chosen" if chosen else "dim"), ("  ", "plain"))
        return row

    def draw(self) -> None:
        """Show the rows, and only the lines that this method needs."""
        super().draw()
        self._amount.placeholder = format_yuan(self._asked_fen())
        self._reference.display = self._method != "cash"

    def _asked_fen(self) -> int:
        offers = likely_cash(self._left_fen)
        if self._method == "cash" and self._offer < len(offers):
            return offers[self._offer]
        return self._left_fen

    def begin(self) -> None:
        """Begin with cash, exactly; say what was taken before the counter went down."""
        self._amount.focus()
        self._preview()
        if self._tenders:
            before = self.say("Taken before the interruption: {sum}.", sum=self._taken())
            self.tell(f"{before} {self.said}", "said_good")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say at once what the typed amount comes to."""
        event.stop()
        if event.input is self._amount:
            self.draw()
            self._preview()

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Choose the method or the sum; Enter takes it; Backspace on nothing gives a part back."""
        leaving, self._leaving = self._leaving, False
        returning, self._returning = self._returning, False
        functions = [f"f{place}" for place in range(1, len(METHODS) + 1)]
        if name in functions:
            return self._choose(METHODS[functions.index(name)])
        if name in ("left", "right") and not self._amount.value:
            step = 1 if name == "right" else -1
            return self._choose(METHODS[(METHODS.index(self._method) + step) % len(METHODS)])
        if name in ("up", "down") and self._method == "cash" and not self._amount.value:
            offers = max(len(likely_cash(self._left_fen)), 1)
            self._offer = (self._offer + (1 if name == "down" else -1)) % offers
            self.draw()
            self._preview()
            return True
        if name == "tab" and self._method != "cash":
            (self._reference if self._amount.has_focus else self._amount).focus()
            return True
        if name == "escape" and self._tenders:
            return self._give_back() if leaving else self._ask_to_leave()
        if name == "backspace" and self._amount.has_focus:
            rested = time.monotonic() - self._erased_s >= HASTE_S  # a key held down never rests
            self._erased_s = time.monotonic()
            if self._tenders and not self._amount.value:
                return self._take_back() if returning and rested else self._ask_to_take_back()
        return super().key_pressed(name, character)

    def scanned(self, text: str) -> None:
        """A payment code names the wallet; it is neither stored nor proof of payment."""
        code = read_wallet_code(text)
        if isinstance(code, Refused):
            super().scanned(text)
            return
        self._choose(code.method)
        self.tell(
            self.say(
                "{wallet} code: collect {sum} on the merchant's device; Enter once it says paid.",
                wallet=self.say(METHOD_NAMES[code.method]),
                sum=format_yuan(self._left_fen),
            ),
            "said_good",
        )

    def confirm(self) -> None:
        """Take this amount; complete the sale if nothing is left to pay."""
        untouched = self._method == "cash" and not self._amount.value and not self._tenders
        if untouched and time.monotonic() - self._opened_s < HASTE_S:
            self.tell(self.say("Enter once more takes {sum}.", sum=format_yuan(self._asked_fen())))
            return
        tenders = self._with_this()
        if isinstance(tenders, Refused):
            self.refuse_entered(tenders)
            return
        if not self._is_sure(tenders):
            return
        completed = self._till.complete(tenders)
        if isinstance(completed, Completed):
            self.dismiss(completed)
        elif completed.reason == "tender.too_little" and self._adds_money(tenders):
            self._keep(tenders)
        else:
            self.refuse_entered(completed)

    def _adds_money(self, tenders: list[Tender]) -> bool:
        return len(tenders) > len(self._tenders) and tenders[-1].amount_fen > 0

    def _is_sure(self, tenders: list[Tender]) -> bool:
        """Ask once more before change that no visitor waits for: as much as the largest note."""
        settled = self._till.quote(tenders)
        if isinstance(settled, Refused) or settled.change_fen < NOTES_FEN[0]:
            return True
        now_s = time.monotonic()
        if self._sure_of == tenders:
            return now_s - self._asked_s >= HASTE_S
        self._sure_of, self._asked_s = tenders, now_s
        self._ask_about_change(settled.change_fen)
        return False

    def _ask_about_change(self, change_fen: int) -> None:
        change = format_yuan(change_fen)
        self.tell(self.say("Change {sum}? Enter once more if that is right.", sum=change))

    def _with_this(self) -> list[Tender] | Refused:
        text = self._amount.value
        amount = parse_yuan(text) if text else self._asked_fen()
        if isinstance(amount, Refused):
            return amount
        reference = self._reference.value.strip() if self._method != "cash" else ""
        this = [Tender(self._method, amount, reference)] if amount or not self._tenders else []
        return [*self._tenders, *this]

    def _preview(self) -> None:
        if self._returning:
            self._ask_to_take_back()
            return
        tenders = self._with_this()
        if isinstance(tenders, Refused):
            self.tell(self.say.message(tenders))
            return
        settled = self._till.quote(tenders)
        if isinstance(settled, Refused):
            self.tell(self.say.message(settled), "said_plain")
            return
        if self._sure_of == tenders:
            self._ask_about_change(settled.change_fen)
            return
        if self._method != "cash" and not settled.change_fen:
            self.tell(self.say("Nothing is left to pay after this."), "said_good")
            return
        text = self.say("Change {sum}", sum=format_yuan(settled.change_fen))
        if settled.rounding_fen:
            text += "  ·  " + self.say("rounded off {sum}", sum=format_yuan(settled.rounding_fen))
        self.tell(text, "said_good")

    def _choose(self, method: Method) -> bool:
        self._method, self._offer = method, 0
        self._amount.value = ""
        self._amount.focus()
        self.draw()
        self._preview()
        return True

    def _keep(self, tenders: list[Tender]) -> None:
        if self._take(tenders):
            self._reference.value = ""
            self._choose("cash")

    def _take(self, tenders: list[Tender]) -> bool:
        """Keep what was taken where a crash does not lose it; a failing disk is told."""
        due = self._till.due(tenders)
        refused = due if isinstance(due, Refused) else self._till.take(tenders)
        if isinstance(refused, Refused):
            self.refuse(refused)
            return False
        self._tenders, self._due = tenders, due
        return True

    def _taken(self) -> str:
        return format_yuan(sum(tender.amount_fen for tender in self._tenders))

    def _ask_to_leave(self) -> bool:
        """Say before Esc what was taken and is not booked: it has to be given back."""
        self._leaving = True
        taken = self._taken()
        self.tell(self.say("{sum} was taken and is not booked: give it back, then Esc.", sum=taken))
        return True

    def _give_back(self) -> bool:
        if self._take([]):
            self.dismiss(None)
        return True

    def _last_part(self) -> str:
        last = self._tenders[-1]
        name = self.say(METHOD_NAMES[last.method])
        return f"{name} {format_yuan(last.amount_fen)} {last.reference}".strip()

    def _ask_to_take_back(self) -> bool:
        """Say which part Backspace takes out: that money has to be given back."""
        self._returning = True
        part = self._last_part()
        self.tell(self.say("{part} was taken: give it back, then Backspace.", part=part))
        return True

    def _take_back(self) -> bool:
        part = self._last_part()
        if self._take(self._tenders[:-1]):
            self._choose(self._method)
            self.tell(self.say("{part} is taken out again.", part=part))
        return True
