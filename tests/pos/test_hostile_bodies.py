"""Bodies that no till of ours writes: each is stored, and none keeps the hub from storing more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import xuanpin
from membership.rules.grant import KIND, Granted
from pos.rules.order import SALE
from sync.rules.closing import DAY_CLOSED, DayClosed
from sync.rules.totals import KindTotal
from tests.hub_databases import NewDatabase
from tests.sync.hub_scenes import FIRST, WebHub, web_hub

from .printed_orders import everything

GRANTED = Granted(
    order_id="01aab8e1-0000-7000-8000-000000000001",
    serial="00a1b2c3d4e5",
    plan=1,
    center=1,
    from_day="2026-11-22",
    until="2027-11-22",
    counter=1,
    provisional=False,
)
CLOSED = DayClosed(
    day="2026-11-22",
    totals=(KindTotal("sale", 1, 100),),
    head_run=FIRST,
    head_seq=1,
    head_hash="00" * 32,
    closed_by="01",
    pending=0,
)
BODIES = {SALE: everything(), KIND: GRANTED, DAY_CLOSED: CLOSED}
HOSTILE: tuple[Any, ...] = (
    "\0",
    "\u202e" + "长" * 300,
    "2026-11-22\0",
    2**63,
    -(2**63) - 1,
    10**30,
    0.1,
    True,
    None,
    [],
    {},
)


def spoiled(value: Any) -> Iterator[Any]:
    """Return a JSON value with each of its parts, and itself, replaced by each hostile one."""
    yield from HOSTILE
    if isinstance(value, dict):
        for key, part in value.items():
            yield from ({**value, key: bad} for bad in spoiled(part))
    elif isinstance(value, list):
        for index, part in enumerate(value[:2]):
            yield from ([*value[:index], bad, *value[index + 1 :]] for bad in spoiled(part))


DEEP = tuple(open_ * 5000 for open_ in (b"[", b'{"a":', b'{"schema":['))


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[WebHub]:
    with web_hub(tmp_path, new_database()) as hub:
        yield hub


@pytest.mark.parametrize("kind", [kind.name for p in xuanpin.PACKAGES for kind in p.kinds])
def test_a_spoiled_body_poisons_nothing(hub: WebHub, kind: str) -> None:
    till = hub.enrolled()
    till.open_run(FIRST)
    good = msgspec.json.decode(msgspec.json.encode(BODIES.get(kind, {"cashier": "01"})))
    amount_fen = good.get("paid_fen", 0)
    for number, bad in enumerate(spoiled(good)):
        name = good.get("order_id", "") if number % 2 and kind == SALE else ""
        till.write(FIRST, kind, name, msgspec.json.encode(bad), amount_fen=amount_fen)
    for body in DEEP:
        till.write(FIRST, kind, "", body)
    till.write(FIRST)
    count = len(till.runs[FIRST])
    for first in range(1, count + 1, 500):
        hub.push(till.segment(FIRST, first, min(first + 499, count)))
    assert hub.rows("entry") == count
    assert hub.rows("booking") == len({(e.header.id, e.body) for e in till.runs[FIRST]})
