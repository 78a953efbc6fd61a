"""The evening on the screen: tills, both sides of the chosen one's day, the verdict, the keys."""

from datetime import date, timedelta

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from sync.faces.eod import drawing
from sync.faces.eod.boxes import CloseDay, Entries, Guide, Matters, Reason
from sync.faces.eod.tasks import Tasks
from sync.faces.eod.words import kind_names, verdict
from sync.faces.eod.work import Looked, Step
from sync.faces.screen.entry import Listens
from sync.faces.screen.legend import Key, Legend
from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Row, Rows, fit, row_cells
from sync.language import Language
from sync.rules.center_day import Matter, Settled, Settlement
from sync.rules.days import china_time
from sync.rules.reconciling import Differing, Reconciled
from sync.rules.refusal import Refused
from sync.services.closing import Closed
from sync.services.end_of_day import Evening

INNER = 29
_MOST_ENTRIES = 4
_EDGES: tuple[Tone, ...] = ("accent", "money", "edge")
_ACTIONS = {
    "f1": "help",
    "question_mark": "help",
    "f5": "refresh",
    "f7": "settle",
    "f8": "entries",
    "f9": "close",
    "f10": "report",
    "f11": "theme",
    "ctrl+t": "theme",
    "f12": "language",
    "ctrl+l": "language",
    "left": "before",
    "right": "after",
    "up": "up",
    "down": "down",
    "ctrl+q": "quit",
    "ctrl+c": "quit",
}
_ASKS = frozenset({"refresh", "settle", "entries", "close", "report"})


class EveningScreen(Listens, Screen[None]):
    """Shows an evening and hands every key to a box or a task."""

    def __init__(self, tasks: Tasks, say: Language) -> None:
        super().__init__()
        self.tasks = tasks
        self.say = say
        self.evening: Evening | None = None
        self.looked: Looked | None = None
        self.answer = ""
        self._chosen = 0
        self._step: tuple[Step, int, int] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Rows(surface="primary", id="bar")
        yield Legend(id="keys")
        with Horizontal(id="middle"):
            with Vertical(id="left"):
                yield Rows(surface="panel", id="head")
                yield Rows(id="tills")
                yield Rows(id="detail")
            yield Rows(surface="background", id="side")
        yield Rows(surface="background", id="said")

    def on_mount(self) -> None:
        """Show what is known, then ask."""
        self._blocks = {rows.id: rows for rows in self.query(Rows)}
        self.relabel(self.say)

    def on_resize(self) -> None:
        """Lay out anew for another size."""
        self.call_after_refresh(self.relabel, self.say)

    @property
    def till(self) -> Reconciled | None:
        """The till that is chosen."""
        if self.evening is None:
            return None
        self._chosen = min(self._chosen, len(self.evening.tills) - 1)
        return self.evening.tills[self._chosen]

    # what is shown

    def relabel(self, say: Language) -> None:
        """Say everything again, in this language and width."""
        self.say = say
        self._legend().lay_out(self._keys())
        head = self._block("head")
        head.show([drawing.till_head(say, head.size.width)])
        self.draw()

    def show(self, evening: Evening) -> None:
        """Show an evening as it is known now."""
        if self.evening is not None and self.evening.day != evening.day:
            self.looked = None
        self.evening = evening
        self.draw()

    def draw(self) -> None:
        """Draw everything as it is now."""
        self._draw_bar()
        evening, till = self.evening, self.till
        if evening is None or till is None:
            return
        say, now_ms = self.say, self.tasks.setup.clock.now_ms()
        block = self._block("tills")
        rows = [
            drawing.till_row(
                say, each, evening, now_ms, block.size.width, chosen=place == self._chosen
            )
            for place, each in enumerate(evening.tills)
        ]
        height = max(min(len(rows), self.size.height // 2 - 4), 1)
        block.styles.height = height + 1
        first = max(0, min(self._chosen - height // 2, len(rows) - height))
        block.show(rows[first : first + height])
        block = self._block("detail")
        width = block.size.width
        kinds = kind_names(self.tasks.setup.packages, say)
        block.show(
            [
                *drawing.detail_head(say, till, evening, now_ms, width),
                EMPTY,
                *drawing.kind_rows(say, kinds, till, width),
                EMPTY,
                *drawing.matter_rows(say, till, width),
                *drawing.differing_rows(say, kinds, self._differing(till), _MOST_ENTRIES),
            ]
        )
        self._draw_side(evening, now_ms)

    def _differing(self, till: Reconciled) -> Differing | None:
        return self.looked.differing if till.own and self.looked is not None else None

    def _draw_side(self, evening: Evening, now_ms: int) -> None:
        rows: list[Row] = []
        panels = drawing.verdict_rows(self.say, evening, INNER, now_ms)
        for edge, panel in zip(_EDGES, panels, strict=True):
            rows += [(("▌ ", edge), *row) for row in panel]
            rows.append(EMPTY)
        self._block("side").show(rows)

    def _draw_bar(self) -> None:
        say, setup = self.say, self.tasks.setup
        center = setup.center()
        name = "" if isinstance(center, Refused) else say.pick(center.name_zh, center.name_en)
        day = self.evening.day if self.evening else ""
        clock = china_time(setup.clock.now_ms()).strftime("%H:%M")
        end: Row = (
            (" " + say("DEMO") + " ", "demo") if setup.demo else ("", "bar"),
            (f"  {setup.till.id}  " + say("Day") + f" {day}  {clock} ", "bar"),
        )
        room = max(self.size.width - row_cells(end), 0)
        house = f" {say.pick('选品', 'Xuanpin')}  {name}  ·  " + say("End of day")
        self._block("bar").show([((fit(house, room), "bar"), *end)])

    def tell(self, text: str, tone: Tone = "said_plain") -> None:
        """Answer in the line above the keys."""
        self.answer, self._step = text, None
        block = self._block("said")
        block.show([((fit(f" {text}", block.size.width), tone),)] if text else [EMPTY])

    def refuse(self, refused: Refused) -> None:
        """Say a refusal aloud."""
        self.app.bell()
        self.tell("✗ " + self.say.refusal(refused), "said_bad")

    def progress(self, step: Step, done: int, of: int) -> None:
        """Show how far the task is."""
        self._step = (step, done, of)
        block = self._block("said")
        block.show([drawing.progress_row(self.say, step, done, of, block.size.width)])

    def _block(self, name: str) -> Rows:
        return self._blocks[name]

    def _legend(self) -> Legend:
        return self.query_one(Legend)

    def _keys(self) -> tuple[list[Key], list[Key]]:
        say = self.say
        return (
            [
                Key("help", "F1", say("Help")),
                Key("up", "↑↓", say("Choose")),
                Key("before", "←→", say("Day")),
                Key("refresh", "F5", say("Compare")),
                Key("settle", "F7", say("Settle")),
                Key("entries", "F8", say("Differing")),
            ],
            [
                Key("close", "F9", say("Close the day")),
                Key("report", "F10", say("Report")),
                Key("theme", "F11", say("Dark/light")),
                Key("language", "F12", say("中文")),
                Key("quit", "Ctrl+Q", say("Leave")),
            ],
        )

    # what comes in

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Do what a key stands for."""
        del character
        action = _ACTIONS.get(name)
        if action is None:
            return False
        self.act(action)
        return True

    def on_legend_pressed(self, message: Legend.Pressed) -> None:
        """A click on the legend is the key."""
        self.act(message.action)

    def act(self, action: str) -> None:
        """Do one thing; what asks the hub waits until the task before it is done."""
        if action in _ASKS and self.tasks.busy:
            self.tell(self.say("Still at work; wait a moment."))
            return
        getattr(self, f"_do_{action}")()

    def _do_help(self) -> None:
        self.app.push_screen(Guide(self.say, lambda name, _character: _ACTIONS.get(name)))

    def _do_refresh(self) -> None:
        self.tasks.refresh(self.evening.day if self.evening else "")

    def _do_up(self) -> None:
        self._choose(-1)

    def _do_down(self) -> None:
        self._choose(1)

    def _choose(self, step: int) -> None:
        if self.evening is not None:
            self._chosen = (self._chosen + step) % len(self.evening.tills)
            self.draw()

    def _do_before(self) -> None:
        self._turn(-1)

    def _do_after(self) -> None:
        self._turn(1)

    def _turn(self, days: int) -> None:
        if self.evening is None or self.tasks.busy:
            return
        other = date.fromisoformat(self.evening.day) + timedelta(days=days)
        if other <= china_time(self.tasks.setup.clock.now_ms()).date():
            self.tell("")
            self.tasks.look(other.isoformat())
            self.tasks.ask(other.isoformat())

    def _do_theme(self) -> None:
        self.app.action_theme()  # type: ignore[attr-defined]

    def _do_language(self) -> None:
        self.app.action_language()  # type: ignore[attr-defined]

    def _do_quit(self) -> None:
        self.app.exit()

    def _do_entries(self) -> None:
        if self.evening is None:
            return
        if self.looked is not None and self.looked.differing is not None:
            kinds = kind_names(self.tasks.setup.packages, self.say)
            self.app.push_screen(Entries(self.say, kinds, self.looked.differing))
        elif self.till is not None and not self.till.own:
            self.tell(self.say("Only the till itself can name its entries: use F5 there."))
        else:
            self.tell(self.say("Nothing differs at this till; F5 compares again."))

    def _do_settle(self) -> None:
        till = self.till
        if till is None:
            return

        def reasoned(matter: Matter, reason: str | None) -> None:
            if not reason:
                return
            self.tasks.settle(
                Settlement(
                    till=till.till,
                    kind=matter.kind,
                    run=matter.run,
                    seq=matter.seq,
                    about=matter.about,
                    reason=reason,
                    who=self.tasks.setup.till.cashier,
                )
            )

        def picked(place: int | None) -> None:
            if place is not None:
                matter = till.exceptions[place]
                box = Reason(self.say, matter)
                self.app.push_screen(box, lambda reason: reasoned(matter, reason))

        self.app.push_screen(Matters(self.say, till), picked)

    def _do_close(self) -> None:
        evening = self.evening
        if evening is None:
            return
        refused = self.tasks.closable(evening.day)
        if refused is not None:
            self.refuse(refused)
            return
        following = self.tasks.following(evening)
        own = next((each for each in evening.tills if each.own), None)

        def answered(yes: bool | None) -> None:
            if yes:
                self.tasks.close(evening.day)

        self.app.push_screen(CloseDay(self.say, evening.day, following, own), answered)

    def _do_report(self) -> None:
        if self.evening is not None:
            self.tasks.report(self.evening, self.say)

    # what came of it

    def reconciled(self, looked: Looked) -> None:
        """Show a day that was just reconciled."""
        self.looked = looked
        self.show(looked.evening)
        self._tell_verdict(looked.evening)
        if looked.beside is not None and looked.evening.refused is None:
            self.tell(self.say("The counter is open and sends by itself; this is a view only."))

    def asked(self, evening: Evening) -> None:
        """Show what the hub just said, without a word unless it did not answer."""
        self.show(evening)
        if evening.refused is not None:
            self._tell_verdict(evening)
        elif not self.answer:
            self.tell("")

    def closed(self, closed: Closed, looked: Looked) -> None:
        """Say that a day is closed, and how it stands."""
        self.looked = looked
        self.show(looked.evening)
        text = self.say(
            "✓ {day} is closed; what is sold now counts for {next}. F10 writes its report.",
            day=closed.day,
            next=looked.evening.business_day,
        )
        self.tell(text, "said_good")

    def settled(self, settled: Settled) -> None:
        """Say what was settled, and look again."""
        self.tasks.ask(self.evening.day if self.evening else "")
        reason = settled.settlement.reason
        self.tell(self.say("✓ Settled: {reason}", reason=reason), "said_good")

    def _tell_verdict(self, evening: Evening) -> None:
        if evening.refused is not None:
            self.tell("○ " + self.say.refusal(evening.refused), "money")
            return
        said = verdict(self.say, evening, self.tasks.setup.clock.now_ms())
        if not evening.agreed:
            self.tell(f"✗ {said}", "money")
        else:
            self.tell(f"✓ {said}", "good" if evening.as_heard else "said_good")
