"""`xuanpin pos demo`: a till and a hub of its own, ready to sell; without a terminal, one sale.

Everything here could be typed by hand: it is the same commands with `--demo` in front.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType

import click
import msgspec
from msgspec import structs

from pos.faces.embedded_hub import demo_command_line, embedded_hub
from pos.faces.sale_commands import Asked, sell
from pos.rules.escpos_reader import read_text
from pos.rules.order import SALE
from pos.rules.printer_settings import PrinterSettings
from pos.rules.tender import Tender
from pos.services.importing import demo_goods, import_goods
from pos.services.receipts import render
from pos.stores import catalogue
from sync.faces.answers import accepted, on_terminal, pass_setup, refuse
from sync.hub_client import make_client
from sync.rules.money import format_yuan
from sync.rules.refusal import N_, Fault, Refused
from sync.services.courier import Courier, hub_client
from sync.services.enrolment import Enroller
from sync.services.till import open_till
from sync.setup import CenterSettings, Setup, demonstrated

DEMO_CODES = "9521"
DEMO_LINES = 4
DEMO_CASH_FEN = 1000_00


class _Invitation(msgspec.Struct):
    code: str


class _Total(msgspec.Struct):
    count: int
    amount_fen: int


class _TillSummary(msgspec.Struct):
    kinds: dict[str, _Total]


class _Summary(msgspec.Struct):
    """What we read of the hub's summary."""

    tills: list[_TillSummary]


@click.command("demo", help="Open a demo counter; without a terminal, ring up one demo sale.")
@pass_setup
def demo_command(setup: Setup) -> None:
    """Demonstrate the whole path, from the scan to the hub, without touching a real till."""
    own = demonstrated(setup)
    signal.signal(signal.SIGTERM, _stop)
    _refuse_beside_another(own)
    click.echo(own.say(N_("Preparing the demo …")), err=True)
    with embedded_hub(own) as url:
        at_hub = _at_hub(own, url)
        _make_ready(at_hub)
        if on_terminal():
            from pos.faces.counter.command import open_counter

            open_counter(at_hub)
        else:
            _show_one_sale(at_hub, url)


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal_number)


def _at_hub(setup: Setup, url: str) -> Setup:
    """Point the demo at its hub; it prints on no real paper."""
    hub = structs.replace(setup.hub, url=url)
    printer = structs.replace(setup.settings.get(PrinterSettings), transport="none")
    return structs.replace(setup, settings=setup.settings.having(hub).having(printer))


def _refuse_beside_another(setup: Setup) -> None:
    """Only one demo at a time: the till's own lock says who has it."""
    accepted(setup, open_till(setup, "demo")).close()


def _make_ready(setup: Setup) -> None:
    """Bring in the demo goods and enrol the till, whatever of it is still missing."""
    with accepted(setup, open_till(setup, "demo")) as till:
        if not catalogue.count(till.reference.read()):
            centers = list(setup.settings.named(CenterSettings))
            import_goods(till.reference, demo_goods(), centers)
        if till.enrolment is None:
            code = _invited(setup)
            with accepted(setup, hub_client(till)) as client:
                accepted(setup, Enroller(till, client).enrol(code))


def _invited(setup: Setup) -> str:
    """Ask for a one-time code as the hub's people do: by a command, in a process of its own."""
    done = subprocess.run(
        demo_command_line(setup, "sync", "invite", setup.till.id, "--json"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode == 0:
        return msgspec.json.decode(done.stdout, type=_Invitation).code
    problem = done.stderr.decode("utf-8", "replace").strip()
    raise Fault(
        Refused(
            "demo.no_invitation",
            N_("The demo's hub invites nobody: {problem}"),
            "",
            {"problem": problem},
        )
    )


def _show_one_sale(setup: Setup, url: str) -> None:
    """Sell some goods to a new PLUS member, print the receipt as text, push, ask the hub."""
    say = setup.say
    with accepted(setup, open_till(setup, "read")) as till:
        goods = catalogue.search(
            till.reference.read(), DEMO_CODES, setup.till.center, till.now_ms(), limit=DEMO_LINES
        )
    scans = [f"{place}*{item.barcodes[0]}" for place, item in enumerate(goods, 1)]
    click.echo(say(N_("DEMO: ringing up {codes} and a new PLUS membership"), codes=" ".join(scans)))
    order = accepted(
        setup, sell(setup, Asked(scans, [Tender("cash", DEMO_CASH_FEN)], join=""))
    ).order
    with accepted(setup, open_till(setup, "read")) as till:
        click.echo(read_text(render(till, order, "receipt", copy=False)))
    _push(setup)
    click.echo(_hub_has(setup, url))


def _push(setup: Setup) -> None:
    with (
        accepted(setup, open_till(setup, "push")) as till,
        accepted(setup, hub_client(till)) as client,
    ):
        report = Courier(till, client).push()
    if report.refused is not None:
        refuse(setup, report.refused)
    click.echo(setup.say(N_("Entries pushed: {count}."), count=report.acknowledged))


def _hub_has(setup: Setup, url: str) -> str:
    """Ask the hub what it has booked, in its own words over HTTP."""
    with accepted(setup, make_client(url, setup.hub.timeout_s, language=setup.say.name)) as client:
        summary = msgspec.json.decode(client.get("/v1/summary").content, type=_Summary)
    sales = [till.kinds[SALE] for till in summary.tills if SALE in till.kinds]
    return setup.say(
        N_("Orders at the hub now: {count}, {paid} yuan paid."),
        count=sum(total.count for total in sales),
        paid=format_yuan(sum(total.amount_fen for total in sales)),
    )
