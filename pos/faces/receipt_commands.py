"""`xuanpin pos receipt`: a receipt or card slip as text, picture or bytes, or printed again."""

import dataclasses
import sys
from pathlib import Path
from typing import Literal

import click

from pos.rules.escpos_reader import read_text
from pos.rules.key_settings import KeySettings, shown_key
from pos.rules.order import Order
from pos.rules.printer_settings import PrinterSettings
from pos.rules.receipt_number import grouped, parse_receipt_number
from pos.services.receipts import Document, print_again, render
from pos.stores import orders
from sync.faces.answers import accepted, pass_setup, refuse
from sync.rules.files import unwritable
from sync.rules.refusal import N_, Refused
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
@click.option("--print", "again", is_flag=True, help="Queue it for the printer, marked as a copy.")
@pass_setup
def receipt_command(
    setup: Setup, number: str, form: Format, output: Path | None, card: bool, again: bool
) -> None:
    """Look an order up; show what it prints beside an open counter, or print it alone."""
    document: Document = "card" if card else "receipt"
    if again:
        _print_again(setup, number, document)
        return
    with accepted(setup, open_till(setup, selling=False)) as till:
        order = accepted(setup, _order(till, number, document))
        # What a printer can be fed is not the first of its kind; a picture of it is no second.
        data = render(till, order, document, copy=form == "escpos")
    if form == "text":
        data = (read_text(data) + "\n").encode()
    elif form == "png":
        from pos.faces.receipt_picture import draw_png, find_face

        data = draw_png(data, find_face(setup.settings.get(PrinterSettings).font))
    _hand_over(setup, data, form, output)


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


def _hand_over(setup: Setup, data: bytes, form: Format, output: Path | None) -> None:
    if output is not None:
        try:
            output.write_bytes(data)
        except OSError as error:
            refuse(setup, unwritable("receipt.not_written", output, error))
        return
    if form != "text" and sys.stdout.isatty():
        refuse(
            setup,
            Refused(
                "receipt.needs_file",
                N_("A terminal cannot show these bytes."),
                N_("Choose a file with --output."),
            ),
        )
    click.echo(data, nl=False)


def _print_again(setup: Setup, number: str, document: Document) -> None:
    if setup.settings.get(PrinterSettings).transport == "none":
        refuse(
            setup,
            Refused(
                "printer.none",
                N_("No printer is set up."),
                N_("Set [printer] transport, or show the receipt with --format."),
            ),
        )
    opened = open_till(setup, selling=False, exclusive=True)
    if isinstance(opened, Refused) and opened.reason == "till.in_use":
        key = shown_key(setup.settings.get(KeySettings), "receipt")
        hint = N_("Print it again there with {key}, or wait until it ends.")
        opened = dataclasses.replace(opened, hint=hint, values={**opened.values, "key": key})
    with accepted(setup, opened) as till:
        order = accepted(setup, _order(till, number, document))
        print_again(till, order, document)
    said = N_("Receipt {number} waits: it prints when the counter opens or with the next sale.")
    click.echo(setup.say(said, number=grouped(order.receipt_no)))
