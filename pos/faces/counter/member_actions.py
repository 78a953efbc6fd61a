"""Keys about the member: attaching one, taking one off, and joining PLUS within the sale."""

import re

from membership.rules.plan import PlanSettings
from pos.faces.counter.goods_actions import GoodsActions
from pos.rules.basket import Benefits
from pos.rules.pricing import price_basket
from sync.faces.screen.dialogs import Ask
from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Row, wrap
from sync.rules.money import format_yuan
from sync.rules.refusal import Refused

_MOBILE = re.compile(r"[1１][0-9０-９]{10}")


class MemberActions(GoodsActions):
    """The main screen with its keys about goods and members."""

    # the member

    def attach(self) -> None:
        """Ask for a card or a phone number; with a member attached, an empty line detaches."""
        register = self.services.register
        attached = register.cart.member

        def act(text: str) -> Refused | None:
            if not text:
                return self.ask(register.detach)
            found = self.ask(lambda: register.attach(text))
            return found if isinstance(found, Refused) else None

        intro = (
            self.say(
                "{label} is attached. Enter on the empty line takes the member off.",
                label=attached.label,
            )
            if attached
            else self.say("Scan the member's card, or type the phone number.")
        )
        box = Ask(
            self.say,
            self.say("Member"),
            self._words(intro),
            act,
            hint=self.say("Card or phone number"),
            scan_acts=True,
        )
        self.app.push_screen(box, self._attached)

    def _attached(self, done: str | None) -> None:
        view = self.show()
        if view.cart.member is not None and done:
            self.greet(view.cart.member.label, view)
        elif done is not None:
            self.tell(self.say("No member attached: everyone's prices."))

    def join(self) -> None:
        """Offer the plan: cost, saving now and refund rule; ask for a phone number if wanted."""
        say, register = self.say, self.services.register
        plan = self.services.setup.settings.get(PlanSettings)
        saved = price_basket(register.cart.lines, Benefits(plus=True)).plus_saved_fen
        rows = [
            (("★ ", "money"), (say.pick(plan.name_zh, plan.name_en), "strong"),
             (f"  {format_yuan(plan.price_fen)}", "money")),
            *self._words(say("Member prices apply to this sale at once.")),
        ]  # fmt: skip
        if saved:
            rows.append(
                ((say("Saves {sum} on what is in the cart.", sum=format_yuan(saved)), "good"),)
            )
        rows += [
            EMPTY,
            *self._words(say.pick(plan.refund_rule_zh, plan.refund_rule_en), "dim"),
            EMPTY,
            *self._words(
                say("A phone number is optional; without it the card is the QR on the receipt.")
            ),
        ]
        box = Ask(
            say,
            say("Join PLUS"),
            rows,
            lambda text: self.ask(lambda: register.join(text or None)),
            hint=say("Phone number, or just Enter without one"),
            scan_fills=lambda text: text if _MOBILE.fullmatch(text) else None,
        )
        self.app.push_screen(box, self._joined)

    def _joined(self, done: str | None) -> None:
        view = self.show()
        if done is not None and view.cart.join is not None:
            saved = format_yuan(view.priced.plus_saved_fen)
            self.tell(
                self.say("✓ PLUS is in: member prices for everything, {sum} saved.", sum=saved),
                "said_good",
            )

    def _words(self, text: str, tone: Tone = "plain") -> list[Row]:
        return [((line, tone),) for line in wrap(text, 58)]
