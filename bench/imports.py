"""A goods list of many rows, read, checked and written by the import that people use."""

import time
from statistics import median

from bench.goods import make_goods, write_list
from bench.place import Place
from bench.report import Figure
from pos.services.importing import Imported, import_goods
from sync.setup import CenterSettings

TIMES = 3
GIVEN, MADE = 100_000, 50_000
LEAST_GIVEN, LEAST_MADE = 50_000, 12_000


def measure(place: Place) -> list[Figure]:
    """Import into empty catalogues, with mnemonics in the list and without."""
    return [
        _figure("with mnemonics given", _rates(place, GIVEN, mnemonics=True), LEAST_GIVEN),
        _figure("making the mnemonics", _rates(place, MADE, mnemonics=False), LEAST_MADE),
    ]


def _rates(place: Place, rows: int, *, mnemonics: bool) -> list[float]:
    path = place.directory / f"goods{rows}.csv"
    write_list(path, make_goods(rows), mnemonics=mnemonics)
    rates = []
    for turn in range(TIMES):
        with place.till(f"IMPORT-{rows}-{turn}") as till:
            centers = till.setup.settings.named(CenterSettings)
            started_s = time.perf_counter()
            done = import_goods(till.reference, path, centers)
            rates.append(rows / (time.perf_counter() - started_s))
            assert isinstance(done, Imported)
            assert done.added == rows
    return rates


def _figure(what: str, rates: list[float], least: int) -> Figure:
    middle = median(rates)
    return Figure(
        f"CSV import {what}", f"{middle:,.0f} rows/s", f"≥ {least:,} rows/s", middle >= least
    )
