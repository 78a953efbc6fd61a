"""`xuanpin sync eod` and `settle`: the end of day without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click
import msgspec

from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.faces.eod import work
from sync.faces.eod.answers import eod_text, eod_values
from sync.faces.eod.report import write_report
from sync.faces.eod.words import kind_names
from sync.rules.center_day import Matter, Settled, Settlement, handle
from sync.rules.reconciling import Reconciled
from sync.rules.refusal import N_, Refused
from sync.rules.totals import bad_day, is_day
from sync.services.closing import Closed
from sync.setup import Setup

_DIFFERS = 2


@click.command("eod")
@click.option("--day", default="", help="The business day, like 2026-11-22; else the newest.")
@click.option("--close", is_flag=True, help="Close the day at this till; needs no network.")
@click.option("--who", default="", help="Who closes it; else [till] cashier.")
@json_option
@pass_setup
def eod_command(setup: Setup, day: str, close: bool, who: str, as_json: bool) -> None:
    """Send what is left, then compare each till of this center with the hub."""
    _check_day(setup, day, as_json=as_json)
    closed: Closed | None = None
    if close:
        closed, looked = accepted(
            setup, work.close(setup, day, who or setup.till.cashier), as_json=as_json
        )
    else:
        looked = accepted(setup, work.refresh(setup, day), as_json=as_json)
    now_ms = setup.clock.now_ms()
    kinds = kind_names(setup.packages, setup.say)
    text = eod_text(setup.say, kinds, looked, closed, now_ms)
    answer(text, eod_values(looked, closed, now_ms), as_json=as_json)
    if not looked.evening.agreed:
        raise SystemExit(_DIFFERS)


@click.command("settle")
@click.argument("exception")
@click.option("--reason", default="", help="Why it is settled, in up to 200 characters.")
@click.option("--who", default="", help="Who settles it; else [till] cashier.")
@click.option("--hub", "at_hub", is_flag=True, help="At the hub's machine: one of any center.")
@click.option("--database", default="", help="With --hub: its database; else [hub] database.")
@json_option
@pass_setup
def settle_command(
    setup: Setup,
    exception: str,
    reason: str,
    who: str,
    at_hub: bool,
    database: str,
    as_json: bool,
) -> None:
    """Settle an exception that `eod` shows, named by its eight digits, with a reason."""
    if at_hub or database:
        from sync.faces.alarm_commands import settle_here

        settle_here(setup, exception, reason, who, database, as_json=as_json)
        return
    looked = accepted(setup, work.ask(setup), as_json=as_json)
    if looked.refused is not None:
        refuse(setup, looked.refused, as_json=as_json)
    found = _named(looked.tills, exception)
    if found is None:
        _refuse_unknown(setup, exception, as_json=as_json)
    till, matter = found
    said = Settlement(
        till=till.till,
        kind=matter.kind,
        run=matter.run,
        seq=matter.seq,
        about=matter.about,
        reason=reason.strip(),
        who=(who or setup.till.cashier).strip(),
    )
    settled = accepted(setup, work.settle(setup, said), as_json=as_json)
    answer_settled(setup, exception, till.name, settled, as_json=as_json)


@click.command("report")
@click.option("--day", default="", help="The business day, like 2026-11-22; else the newest.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Write it to this file; else among the data directory's reports.",
)
@click.option("--own", is_flag=True, help="Of this till alone, from its own journal.")
@json_option
@pass_setup
def report_command(setup: Setup, day: str, output: Path | None, own: bool, as_json: bool) -> None:
    """Write a day's report as one HTML page to keep or print."""
    _check_day(setup, day, as_json=as_json)
    evening = accepted(setup, work.ask(setup, day), as_json=as_json)
    written = write_report(setup, evening, setup.say, output, own=own)
    report = accepted(setup, written, as_json=as_json)
    text = setup.say("The report is in {path}", path=report.path)
    values = {
        "day": evening.day,
        "file": str(report.path),
        "whole_center": report.whole_center,
        "agreed": evening.agreed,
    }
    answer(text, values, as_json=as_json)


def answer_settled(
    setup: Setup, exception: str, name: str, settled: Settled, *, as_json: bool
) -> None:
    """Say what is settled now of a till."""
    text = setup.say(
        "Settled: {exception} of till {till} ({reason}, {who}).",
        exception=exception,
        till=name,
        reason=settled.settlement.reason,
        who=settled.settlement.who,
    )
    values = {"exception": exception, "till_name": name, **msgspec.to_builtins(settled)}
    answer(text, values, as_json=as_json)


def _named(tills: tuple[Reconciled, ...], digits: str) -> tuple[Reconciled, Matter] | None:
    for till in tills:
        for matter in till.exceptions:
            if handle(till.till, matter) == digits.strip().lower():
                return till, matter
    return None


def _refuse_unknown(setup: Setup, digits: str, *, as_json: bool) -> NoReturn:
    refused = Refused(
        "settle.unknown",
        N_("No unsettled exception of this center is called {digits}."),
        N_("`xuanpin sync eod` lists them."),
        {"digits": digits},
    )
    refuse(setup, refused, as_json=as_json)


def _check_day(setup: Setup, day: str, *, as_json: bool) -> None:
    if day and not is_day(day):
        refuse(setup, bad_day(day), as_json=as_json)
