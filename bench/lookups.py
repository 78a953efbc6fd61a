"""What a scan asks of the catalogue: the item behind a barcode, found and decoded, of a million."""

import time
from pathlib import Path

from bench.goods import barcode, scattered
from bench.place import MANY, Place, stock
from bench.report import Figure, in_ms, percentile
from pos.rules.codes import lookup_codes
from pos.stores import catalogue

TILL = "MILLION"
LOOKUPS = 50_000
WARM_UP = 1000
MOST_P99_MS = 0.1


def measure(place: Place) -> list[Figure]:
    """Look up barcodes scattered over the whole catalogue, each timed by itself."""
    stock(place, TILL, MANY)
    samples = []
    with place.till(TILL) as till:
        _read_through(till.reference.path)
        db, center = till.reference.read(), till.setup.till.center
        now_ms = till.now_ms()
        for turn in range(WARM_UP + LOOKUPS):
            codes = lookup_codes(barcode(scattered(turn) % MANY))
            started_s = time.perf_counter()
            item = catalogue.by_code(db, codes, center, now_ms)
            samples.append(time.perf_counter() - started_s)
            assert item is not None
            assert item.barcodes[0] == codes[0]
    del samples[:WARM_UP]
    return [
        Figure(
            f"Lookup by barcode among {MANY:,} items, decoded (file in the system's cache)",
            in_ms(samples),
            f"p99 ≤ {MOST_P99_MS} ms",
            percentile(samples, 99) * 1000 <= MOST_P99_MS,
        )
    ]


def _read_through(path: Path) -> None:
    """Bring a file into the system's cache, as a day's selling does."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
