"""`xuanpin pos receipt`: a receipt or card slip as text, picture or bytes, or printed again."""

import sys
from pathlib import Path
from typing import Literal

import click
from msgspec import structs

from pos.faces.printers import make_worker
from pos.rules.escpos_reader import read_text
from pos.rules.key_settings import KeySettings, shown_key
from pos.rules.order import Order
from pos.rules.printer_settings import PrinterSettings
from pos.rules.receipt_number import grouped, parse_receipt_number
from pos.services.printing import PrintWorker
from pos.services.receipts import Document, render
from pos.stores import orders, print_jobs
from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.rules.files import unwritable
from sync.rules.refusal import N_, Fault, Refused
from sync.services.till import OpenTill, open_till
from sync.setup import Setup

Format = Literal["text", "png", "escpos"]


@click.command("receipt", help="Show a receipt, or print it again as a copy.")
@click.argument("number")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "png", "escpos"]),
    default="text",
    help="Text for the screen, a PNG picture, or the printer's own bytes.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to this file.",
)
@click.option("--card", is_flag=True, help="The slip of the PLUS card sold, not the receipt.")
@click.option("--print", "again", is_flag=True, help="Print it once more, marked as a copy.")
@json_option
@pass_setup
def receipt_command(
    setup: Setup,
    number: str,
    form: Format,
    output: Path | None,
    card: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Look an order up; show what it prints beside an open counter, or print it alone."""
    document: Document = "card" if card else "receipt"
    if again:
        _print_again(setup, number, document, as_json=as_json)
        return
    if form != "text" and output is None and (as_json or sys.stdout.isatty()):
        refuse(setup, _NEEDS_FILE, as_json=as_json)
    with accepted(setup, open_till(setup, "read"), as_json=as_json) as till:
        order = accepted(setup, _order(till, number, document), as_json=as_json)
        # What a printer can be fed is not the first of its kind; a picture of it is no second.
        data = render(till, order, document, copy=form == "escpos")
    if form == "text":
        data = (read_text(data) + "\n").encode()
    elif form == "png":
        from pos.faces.receipt_picture import draw_png, find_face

        data = draw_png(data, find_face(setup.settings.get(PrinterSettings).font))
    values = {"receipt_no": order.receipt_no}
    if output is not None:
        _write(setup, data, output, as_json=as_json)
        if as_json:
            answer("", {**values, "file": str(output)}, as_json=True)
    elif as_json:
        answer("", {**values, "text": data.decode()}, as_json=True)
    else:
        click.echo(data, nl=False)


def _order(till: OpenTill, number: str, document: Document) -> Order | Refused:
    parsed = parse_receipt_number(number)
    if isinstance(parsed, Refused):
        return parsed
    order = orders.by_receipt(till.journal.read(), parsed.digits)
    if order is None:
        return Refused(
            "receipt.unknown",
            N_("This till has no receipt {number}."),
            N_("Check the digits, and --till if another till of this machine sold it."),
            {"number": grouped(parsed.digits)},
        )
    if document == "card" and order.card is None:
        return Refused(
            "receipt.no_card",
            N_("Receipt {number} sold no PLUS card."),
            N_("Leave --card out for the receipt itself."),
            {"number": grouped(parsed.digits)},
        )
    return order


def _write(setup: Setup, data: bytes, output: Path, *, as_json: bool) -> None:
    try:
        output.write_bytes(data)
    except OSError as error:
        refuse(setup, unwritable("receipt.not_written", output, error), as_json=as_json)


def _print_again(setup: Setup, number: str, document: Document, *, as_json: bool) -> None:
    """Print a document at once, or leave it waiting where the printer is not ready."""
    if setup.settings.get(PrinterSettings).transport == "none":
        refuse(setup, _NO_PRINTER, as_json=as_json)
    opened = open_till(setup, "print")
    if isinstance(opened, Refused) and opened.values.get("doing") == "counter":
        key = shown_key(setup.settings.get(KeySettings), "receipt")
        hint = N_("Print it again there with {key}, or wait until it ends.")
        opened = structs.replace(opened, hint=hint, values={**opened.values, "key": key})
    with accepted(setup, opened, as_json=as_json) as till:
        order = accepted(setup, _order(till, number, document), as_json=as_json)
        worker = make_worker(till)
        job = worker.reprint(order, document)
        printed = _print(till, worker, job)
    said = _PRINTED if printed else _WAITS
    answer(
        setup.say(said, number=grouped(order.receipt_no)),
        {"receipt_no": order.receipt_no, "job_ids": [job], "printed": printed},
        as_json=as_json,
    )


def _print(till: OpenTill, worker: PrintWorker, job: int) -> bool:
    """Print what waits, oldest first; tell whether this job is on paper now."""
    try:
        worker.print_waiting()
    except Fault as fault:
        click.echo(till.setup.say.refusal(fault.refused), err=True)
    return print_jobs.is_done(till.journal.read(), job)


_PRINTED = N_("Receipt {number} was printed again, marked as a copy.")
_WAITS = N_(
    "The printer is not ready: receipt {number} waits and prints when the counter opens or with"
    " the next sale."
)
_NEEDS_FILE = Refused(
    "receipt.needs_file",
    N_("Neither a terminal nor JSON can show these bytes."),
    N_("Choose a file with --output."),
)
_NO_PRINTER = Refused(
    "printer.none",
    N_("No printer is set up."),
    N_("Set [printer] transport, or show the receipt with --format."),
)
