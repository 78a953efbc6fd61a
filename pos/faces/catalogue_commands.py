"""The catalogue's commands: bring goods in from a list, and look them up."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from msgspec import structs

from pos.rules.items import PLUS_ABOVE_RETAIL, Item
from pos.services.importing import demo_goods, import_goods
from pos.stores import catalogue
from pos.stores.fed_goods import FEED
from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.faces.bad_rows import refuse_rows
from sync.language import Language
from sync.rules.bad_rows import BadRows
from sync.rules.money import format_yuan
from sync.rules.refusal import N_, Refused
from sync.services.importing_anew import import_place
from sync.services.till import open_till
from sync.setup import CenterSettings, Setup
from sync.stores.feeds import is_fed

NO_GOODS = N_(
    "Till {till} has no goods yet. Bring them in with `xuanpin pos import FILE`; `--demo` takes"
    " the demo goods."
)

_ANEW = N_("The reference data was damaged: it begins anew with these goods.")
_THE_REST = N_("Members, staff and revocations come back with the next pull.")


@click.command("import")
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--demo", is_flag=True, help="Import the demo goods of all centers.")
@json_option
@pass_setup
def import_command(setup: Setup, path: Path | None, demo: bool, as_json: bool) -> None:
    """Import goods from a CSV, XLSX or JSON list: all of it, or nothing."""
    if (path is None) == (not demo):
        refuse(setup, _one_source(), as_json=as_json)
    centers = setup.settings.named(CenterSettings)
    opened = open_till(setup, "import")
    with accepted(setup, opened, as_json=as_json) as till, import_place(till) as place:
        with _progress(setup.say) as progress:
            done = import_goods(place.database, path or demo_goods(), centers, progress)
        if isinstance(done, BadRows):
            refuse_rows(setup, done, as_json=as_json)
        imported = accepted(setup, done, as_json=as_json)
        kept = accepted(setup, place.keep(), as_json=as_json)
        enrolled = till.enrolment is not None
    text = setup.say(
        "Rows imported: {rows} ({added} new, {changed} changed, {unchanged} as before).",
        **structs.asdict(imported),
    )
    if imported.plus_above_retail:
        text += "\n" + setup.say(PLUS_ABOVE_RETAIL, count=imported.plus_above_retail)
    if place.anew:
        text += "\n" + setup.say(_ANEW)
        text += "\n" + setup.say(_THE_REST) if enrolled else ""
    if kept is not None:
        text += "\n" + setup.say(N_("The damaged file is kept as {path}."), path=kept)
    values = {"rebuilt": place.anew, "set_aside": None if kept is None else str(kept)}
    answer(text, {**structs.asdict(imported), **values}, as_json=as_json)


@click.command("items")
@click.argument("query")
@click.option("--limit", default=20, type=click.IntRange(1, 1000), help="Show at most so many.")
@json_option
@pass_setup
def items_command(setup: Setup, query: str, limit: int, as_json: bool) -> None:
    """Find goods by code, sku, name or pinyin initials."""
    with accepted(setup, open_till(setup, "read"), as_json=as_json) as till:
        db = till.reference.read()
        items = catalogue.search(db, query, setup.till.center, till.now_ms(), limit)
        empty = not items and not catalogue.count(db) and not is_fed(db, FEED)
        none = NO_GOODS if empty else N_("Nothing found for “{query}”.")
    lines = [_line(item, setup.say) for item in items]
    text = "\n".join(lines) or setup.say(none, query=query, till=setup.till.id)
    answer(text, {"items": [_values(item) for item in items]}, as_json=as_json)


def _values(item: Item) -> dict[str, object]:
    """Return an item as `items --json` shows it; tiers start at pieces, weighed goods at grams."""
    return {
        "sku": item.sku,
        "kind": item.kind,
        "name": item.name_zh,
        "name_en": item.name_en,
        "unit": item.unit,
        "barcodes": item.barcodes,
        "retail_fen": item.retail_fen,
        "plus_fen": item.retail_fen if item.plus_fen is None else item.plus_fen,
        "tiers": [
            {"start_g" if item.weighed else "start": tier.start, "price_fen": tier.price_fen}
            for tier in item.tiers
        ],
    }


def _line(item: Item, say: Language) -> str:
    prices = [f"￥{format_yuan(item.retail_fen)}/{item.unit}"]
    if item.plus_fen is not None:
        prices.append(f"PLUS ￥{format_yuan(item.plus_fen)}")
    for tier in item.tiers:
        start = f"{tier.start / 1000:g}" if item.weighed else str(tier.start)
        prices.append(f"{start}{item.unit} ￥{format_yuan(tier.price_fen)}")
    name = say.pick(item.name_zh, item.name_en)
    return "  ".join((item.sku, name, " · ".join(prices), " ".join(item.barcodes))).rstrip()


@contextmanager
def _progress(say: Language) -> Iterator[Callable[[int, int], None]]:
    """Draw a progress bar on stderr, where a person can see it."""
    shown = 0
    hidden = not sys.stderr.isatty()
    bar = click.progressbar(length=1, label=say("Importing"), file=sys.stderr, hidden=hidden)

    def progress(done: int, size: int) -> None:
        nonlocal shown
        bar.length = size
        bar.update(done - shown)
        shown = done

    with bar:
        yield progress


def _one_source() -> Refused:
    return Refused(
        "import.one_source",
        N_("Name one file to import, or --demo."),
        N_("For example: xuanpin pos import goods.csv"),
    )
