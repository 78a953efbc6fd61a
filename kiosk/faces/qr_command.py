"""`xuanpin kiosk qr`: an item's order link as a QR code, in the terminal or as a file."""

from pathlib import Path

import click

from kiosk.faces.symbol_files import write_png, write_svg
from pos.rules.codes import half_width
from pos.rules.items import Item
from pos.rules.order_link import order_link
from pos.rules.settings import OrderLinkSettings
from pos.stores import catalogue
from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.symbols import half_blocks, qr_matrix
from sync.services.till import open_till
from sync.setup import Setup

FORMATS = ("terminal", "png", "svg")


@click.command("qr", help="Show the QR code of an item's order link, or write it to a file.")
@click.argument("code")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="terminal", help="Show it, or a file."
)
@click.option("--output", type=click.Path(path_type=Path), help="Write the file here.")
@json_option
@pass_setup
def qr_command(setup: Setup, code: str, form: str, output: Path | None, as_json: bool) -> None:
    """Find the item, make its link, draw it."""
    item = accepted(setup, _find(setup, code), as_json=as_json)
    settings = setup.settings.get(OrderLinkSettings)
    link = accepted(setup, order_link(item, settings, setup.till.center), as_json=as_json)
    values: dict[str, object] = {"sku": item.sku, "name": item.name_zh, "link": link}
    matrix = qr_matrix(link)
    name = setup.say.pick(item.name_zh, item.name_en)
    if form == "terminal":
        if output is not None:
            refuse(setup, _NO_FILE, as_json=as_json)
        answer("\n".join((name, *half_blocks(matrix), link)), values, as_json=as_json)
        return
    path = output or Path(f"{item.sku}.{form}")
    write = write_png if form == "png" else write_svg
    try:
        write(matrix, path)
    except OSError as error:
        raise Fault(_unwritable(path, error)) from error
    answer(
        setup.say(_WRITTEN, name=name, path=path), {**values, "file": str(path)}, as_json=as_json
    )


_WRITTEN = N_("The QR code of {name} is in {path}.")
_NO_FILE = Refused(
    "kiosk.no_file",
    N_("The terminal format writes no file."),
    N_("Add --format png or --format svg."),
)


def _find(setup: Setup, code: str) -> Item | Refused:
    till = open_till(setup, selling=False)
    if isinstance(till, Refused):
        return till
    with till:
        db = till.reference.read()
        wanted = half_width(code).strip()
        center = setup.till.center
        found = catalogue.by_code(db, (wanted,), center) or catalogue.by_sku(db, wanted)
        if found is not None:
            return found
        items = catalogue.search(db, wanted, center, limit=2)
    if len(items) == 1:
        return items[0]
    return Refused(
        "kiosk.unknown_item",
        N_("No single item here answers to “{code}”."),
        N_("Name it by barcode or sku; `xuanpin pos items` lists them."),
        {"code": code},
    )


def _unwritable(path: Path, error: OSError) -> Refused:
    return Refused(
        "kiosk.unwritable",
        N_("{path} cannot be written: {problem}."),
        N_("Choose another place with --output."),
        {"path": path, "problem": error.strerror},
    )
