"""Booking memberships at the hub: one row a grant; what no card can say is not booked."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select

from membership.rules.grant import KIND, Granted
from membership.stores.hub_members import HUB_MEMBER, book
from sync.database import hub_transaction, open_hub
from sync.package import Arrived, Noticed
from sync.rules.entry import Header

GRANTED = Granted(
    order_id="01aab8e1-0000-7000-8000-000000000001",
    serial="00a1b2c3d4e5",
    plan=1,
    center=1,
    from_day="2026-11-22",
    until="2027-11-22",
    counter=70_001,
    provisional=False,
)


def arrived(granted: Granted = GRANTED, body: bytes | None = None, **changed: Any) -> Arrived:
    body = msgspec.json.encode(granted) if body is None else body
    header = Header(
        version=1,
        till="ab" * 16,
        run="1-0a0b0c0d",
        seq=6,
        kind=KIND,
        id="01aab8e1-0000-7000-8000-000000000002",
        at_ms=1_795_320_000_000,
        mono_ms=5,
        boot="boot",
        day="2026-11-22",
        amount_fen=0,
        body_bytes=len(body),
        body_sha256=hashlib.sha256(body).digest(),
        private_sha256=b"",
    )
    return Arrived(msgspec.structs.replace(header, **changed), body, "ZZ-01", "zhengzhou")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Connection]:
    engine = open_hub(f"sqlite:///{tmp_path / 'hub.db'}")
    with hub_transaction(engine) as connection:
        HUB_MEMBER.create(connection)
        yield connection
    engine.dispose()


def rows(hub: Connection) -> list[dict[str, object]]:
    return [dict(row) for row in hub.execute(select(HUB_MEMBER)).mappings()]


def test_a_grant_becomes_one_row(hub: Connection) -> None:
    assert book(hub, [arrived()]) == Noticed()
    (row,) = rows(hub)
    assert row["serial"] == GRANTED.serial
    assert (row["from_day"], row["until"]) == ("2026-11-22", "2027-11-22")
    assert (row["order_id"], row["counter"]) == (GRANTED.order_id, 70_001)
    assert row["provisional"] is False


def changed(**values: Any) -> Arrived:
    return arrived(msgspec.structs.replace(GRANTED, **values))


@pytest.mark.parametrize(
    "odd",
    [
        arrived(body=b""),
        arrived(body=b"\xff\xfe"),
        arrived(body=b'{"schema":"xuanpin.grant.2"}'),
        changed(serial="xyz"),
        changed(serial="00A1B2C3D4E5"),
        changed(plan=256),
        changed(center=-1),
        changed(counter=2**32),
        changed(until="2027-02-29"),
        changed(order_id=""),
        changed(order_id="a\0b"),
    ],
)
def test_what_no_card_can_say_is_not_booked(hub: Connection, odd: Arrived) -> None:
    assert book(hub, [odd, arrived()]) == Noticed(unread=(0,))
    assert len(rows(hub)) == 1


GRANT_ID = "01aab8e1-0000-7000-8000-00000000000"


def granted(number: int, *, till: str = "ab" * 16, **values: Any) -> Arrived:
    """Return one of several grants, each with an id and a serial of its own."""
    serial = f"00a1b2c3d4{number:02x}"
    body = msgspec.structs.replace(GRANTED, **{"serial": serial, **values})
    return arrived(body, id=f"{GRANT_ID}{number}", till=till)


@pytest.mark.parametrize("together", [True, False])
def test_two_cards_under_one_counter_are_both_booked_and_noticed(
    hub: Connection, together: bool
) -> None:
    first, second = granted(1), granted(2)
    twice = Noticed(contradicted=("card counter 70001",))
    if together:
        assert book(hub, [first, second]) == twice
    else:
        assert book(hub, [first]) == Noticed()
        assert book(hub, [second]) == twice
    assert {row["serial"] for row in rows(hub)} == {"00a1b2c3d401", "00a1b2c3d402"}


def test_other_counters_and_other_tills_contradict_nothing(hub: Connection) -> None:
    assert book(hub, [granted(1), granted(2, counter=70_002)]) == Noticed()
    assert book(hub, [granted(3, till="cd" * 16)]) == Noticed()
    assert len(rows(hub)) == 3


def test_one_card_that_came_with_two_contents_is_not_a_second_card(hub: Connection) -> None:
    assert book(hub, [granted(1)]) == Noticed()
    assert book(hub, [granted(1, until="2028-11-22")]) == Noticed()
    assert len(rows(hub)) == 2
