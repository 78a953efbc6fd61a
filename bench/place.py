"""Where a run measures: a directory of its own, a configuration that keeps to it, tills in it."""

import itertools
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench.goods import make_goods
from pos.rules.items import Item
from pos.stores import catalogue
from sync import config
from sync.database import Database
from sync.rules.refusal import Fault, Refused
from sync.services.till import OpenTill, open_till
from sync.setup import Setup
from xuanpin import make_setup

MANY = 1_000_000
FEW = 1000
_FRONT_DOOR = Path(__file__).parents[1] / "xuanpin.py"
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Place:
    """A directory for tills and hubs; everything that runs there reads `settings`."""

    directory: Path
    settings: Path

    def setup(self, till: str) -> Setup:
        """Put the program together as one of this place's tills."""
        return make_setup(self.settings, till=till)

    def command(self, till: str, *arguments: str) -> list[str]:
        """Return the command line that does this as one of this place's tills."""
        given = ["--config", str(self.settings), "--till", till]
        return [sys.executable, str(_FRONT_DOOR), *given, *arguments]

    @contextmanager
    def till(self, name: str, *, selling: bool = True) -> Iterator[OpenTill]:
        """Open a till, made at first use; `selling` takes its lock."""
        opened = open_till(self.setup(name), "sell" if selling else "read")
        if isinstance(opened, Refused):
            raise Fault(opened)
        with opened:
            yield opened


def make_place(directory: Path) -> Place:
    """Prepare a directory: the packaged configuration with its data kept here."""
    settings = directory / "config.toml"
    here = f"data_directory = {json.dumps(str(directory / 'data'))}"
    packaged = config.packaged().read_text("utf-8")
    settings.write_text(packaged.replace('data_directory = ""', here), "utf-8")
    return Place(directory, settings)


def stock(place: Place, till: str, count: int) -> list[Item]:
    """Fill a till's catalogue through the store, once; returns the first few goods in it."""
    goods = make_goods(count)
    first = list(islice(goods, FEW))
    with place.till(till) as opened:
        if not catalogue.count(opened.reference.read()):
            _fill(opened.reference, itertools.chain(first, goods))
    return first


def _fill(reference: Database, goods: Iterator[Item]) -> None:
    while batch := list(islice(goods, _AT_ONCE)):
        with reference.transaction() as db:
            catalogue.upsert(db, batch)
    reference.checkpoint()
