"""`xuanpin kiosk qr`: an item's order link as a QR code, in the terminal or as a file."""

from pathlib import Path
from typing import Literal, get_args

import click

from kiosk.faces.symbol_files import write_png, write_svg
from pos.rules.codes import half_width
from pos.rules.items import Item
from pos.rules.order_link import order_link
from pos.rules.settings import OrderLinkSettings
from pos.stores import catalogue
from sync.faces.answers import accepted, answer, json_option, pass_setup
from sync.rules.files import unwritable
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.symbols import half_blocks, qr_matrix
from sync.services.till import open_till
from sync.setup import Setup

Form = Literal["terminal", "png", "svg"]


@click.command("qr", help="Show the QR code of an item's order link, or write it to a file.")
@click.argument("code")
@click.option(
    "--format",
    "asked",
    type=click.Choice(get_args(Form)),
    help="Show it, or a file; without it, what --output ends in says which.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Write the file here.")
@json_option
@pass_setup
def qr_command(
    setup: Setup, code: str, asked: Form | None, output: Path | None, as_json: bool
) -> None:
    """Find the item, make its link, draw it."""
    form = accepted(setup, _form(asked, output), as_json=as_json)
    item = accepted(setup, _find(setup, code), as_json=as_json)
    settings = setup.settings.get(OrderLinkSettings)
    link = accepted(setup, order_link(item, settings, setup.till.center), as_json=as_json)
    names = {"name": item.name_zh, "name_en": item.name_en}
    values: dict[str, object] = {"sku": item.sku, **names, "link": link}
    matrix = qr_matrix(link)
    name = setup.say.pick(item.name_zh, item.name_en)
    if form == "terminal":
        # In its own colours: on a dark terminal it would be inverted, its quiet zone black.
        ink = [click.style(row, fg="black", bg="bright_white") for row in half_blocks(matrix)]
        answer("\n".join((name, *ink, link)), values, as_json=as_json)
        return
    path = output or Path(f"{item.sku}.{form}")
    write = write_png if form == "png" else write_svg
    try:
        write(matrix, path)
    except OSError as error:
        raise Fault(unwritable("kiosk.unwritable", path, error)) from error
    answer(
        setup.say(_WRITTEN, name=name, path=path), {**values, "file": str(path)}, as_json=as_json
    )


_WRITTEN = N_("The QR code of {name} is in {path}.")


def _form(asked: Form | None, output: Path | None) -> Form | Refused:
    """Return the format asked for, or the one that the file's name ends in."""
    if output is None:
        return asked or "terminal"
    match asked or output.suffix.lower().removeprefix("."):
        case "png":
            return "png"
        case "svg":
            return "svg"
        case "terminal":
            return Refused(
                "kiosk.no_file",
                N_("The terminal format writes no file."),
                N_("Add --format png or --format svg."),
            )
        case _:
            return Refused(
                "kiosk.file_kind",
                N_("{path} ends neither in .png nor in .svg."),
                N_("Add --format png or --format svg."),
                {"path": output},
            )


def _find(setup: Setup, code: str) -> Item | Refused:
    till = open_till(setup, "read")
    if isinstance(till, Refused):
        return till
    with till:
        db = till.reference.read()
        wanted = half_width(code).strip()
        center = setup.till.center
        now_ms = till.now_ms()
        found = catalogue.by_code(db, (wanted,), center, now_ms) or catalogue.by_sku(
            db, wanted, now_ms
        )
        if found is not None:
            return found
        items = catalogue.search(db, wanted, center, now_ms, limit=2)
        hint = _NAME_IT if catalogue.count(db) else _NO_GOODS
    if len(items) == 1:
        return items[0]
    return Refused(
        "kiosk.unknown_item",
        N_("No single item here answers to “{code}”."),
        hint,
        {"code": code},
    )


_NAME_IT = N_("Name it by barcode or sku; `xuanpin pos items` lists them.")
_NO_GOODS = N_("This till has no goods yet: bring them in with `xuanpin pos import`.")
