"""What the hub makes of what arrives: each thing once, nothing lost, everything odd alarmed."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from membership.rules.grant import Granted
from sync.rules.entry import Private
from sync.services.hub import Total
from tests.hub_databases import NewDatabase

from .hub_scenes import FIRST, SECOND, Scribe, WebHub, mark, web_hub


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[WebHub]:
    with web_hub(tmp_path, new_database()) as hub:
        yield hub


@pytest.fixture
def till(hub: WebHub) -> Scribe:
    """An enrolled till with a first run of ten entries, nothing of it sent yet."""
    till = hub.enrolled()
    till.open_run(FIRST)
    for _ in range(9):
        till.write(FIRST)
    return till


def test_a_segment_is_stored_booked_and_acknowledged(hub: WebHub, till: Scribe) -> None:
    reply = hub.push(till.segment(FIRST))
    assert reply.marks == (mark(till, FIRST, 10),)
    assert reply.flags == ()
    assert (reply.hub_id, reply.till) == (hub.keys.hub_id, till.install)
    assert reply.hub_time_ms == hub.clock.wall_ms
    assert hub.summary().tills[0].kinds == {
        "run_opened": Total(1, 0, 0),
        "sign_in": Total(9, 0, 0),
    }


def test_a_repeated_segment_is_acknowledged_and_changes_nothing(hub: WebHub, till: Scribe) -> None:
    first = hub.push(till.segment(FIRST))
    state = hub.state()
    again = hub.push(till.segment(FIRST))
    assert again.marks == first.marks
    assert hub.state() == state


def test_overlapping_segments_append_only_what_is_new(hub: WebHub, till: Scribe) -> None:
    assert hub.push(till.segment(FIRST, 1, 6)).marks == (mark(till, FIRST, 6),)
    assert hub.push(till.segment(FIRST, 3, 10)).marks == (mark(till, FIRST, 10),)
    assert hub.push(till.segment(FIRST, 1, 4)).marks == (mark(till, FIRST, 10),)
    assert hub.rows("entry") == hub.rows("booking") == 10
    assert hub.rows("segment") == 2  # the head of the third says nothing new


def test_a_gap_is_answered_with_the_mark_and_stores_nothing(hub: WebHub, till: Scribe) -> None:
    for sent, expected in ((0, 0), (4, 4)):
        if sent:
            hub.push(till.segment(FIRST, 1, sent))
        before = hub.state()
        reply = hub.push(till.segment(FIRST, sent + 2, 8), status=409)
        assert reply.marks == (mark(till, FIRST, expected),)
        assert reply.flags == ("gap",)
        assert hub.state() == before


def test_a_fork_is_kept_beside_the_run_booked_and_alarmed(hub: WebHub, till: Scribe) -> None:
    clone = till.copied()
    del clone.runs[FIRST][7:]
    for name in ("x", "y", "z", "w"):
        clone.write(FIRST, id=f"clone-{name}")
    hub.push(till.segment(FIRST))
    reply = hub.push(clone.segment(FIRST, 6))
    assert reply.flags == ("fork",)
    assert reply.marks == (mark(till, FIRST, 10),)  # not in the clone's chain: it will part ways
    assert hub.rows("entry") == 10
    assert hub.rows("fork") == 4
    assert hub.rows("booking") == 14  # both went on with real sales
    assert hub.alarms() == {("fork", FIRST, 0)}
    state = hub.state()
    hub.push(clone.segment(FIRST))
    hub.push(clone.segment(FIRST, 10))
    assert hub.state("segment") == {name: rows for name, rows in state.items() if name != "segment"}


def test_an_entry_with_another_past_is_a_fork(hub: WebHub, till: Scribe) -> None:
    clone = till.copied()
    hub.push(till.segment(FIRST))
    clone.write(FIRST, prev=b"p" * 32)
    assert hub.push(clone.segment(FIRST, 11)).flags == ("fork",)
    assert hub.rows("entry") == 10


def test_carried_over_entries_are_booked_once(hub: WebHub, till: Scribe) -> None:
    hub.push(till.segment(FIRST))
    till.open_run(SECOND, parent=FIRST)
    for entry in till.runs[FIRST][1:]:
        header = entry.header
        till.write(SECOND, header.kind, header.id, entry.body)
    hub.push(till.segment(SECOND))
    assert hub.rows("entry") == 20
    assert hub.rows("booking") == 11
    assert not hub.alarms()


def test_the_same_id_with_another_content_is_kept_twice_and_raised(
    hub: WebHub, till: Scribe
) -> None:
    till.write(FIRST, id="twice", body=b"[1]")
    till.write(FIRST, id="twice", body=b"[2]")
    till.write(FIRST, id="twice", body=b"[1]")
    reply = hub.push(till.segment(FIRST))
    assert reply.flags == ("exception",)
    assert hub.summary().tills[0].kinds["sign_in"].count == 11
    (alarm,) = hub.summary().alarms
    assert (alarm.kind, alarm.about) == ("exception", "twice")


@pytest.mark.parametrize(
    ("kind", "body", "amount_fen"),
    [
        ("tomorrow", b"{}", 0),
        ("sale", b"", 100),
        ("sale", b"\xff\xfe", 100),
        ("sale", b'{"schema":"xuanpin.sale.2"}', 100),
        ("membership_granted", b"[]", 0),
        ("sign_in", b"{}", 2**62),
    ],
)
def test_what_the_hub_cannot_read_is_appended_flagged_and_in_no_total(
    hub: WebHub, till: Scribe, kind: str, body: bytes, amount_fen: int
) -> None:
    till.write(FIRST, kind, "odd", body, amount_fen=amount_fen)
    till.write(FIRST)
    reply = hub.push(till.segment(FIRST))
    assert reply.flags == ("uninterpreted",)
    assert reply.marks == (mark(till, FIRST, 12),)
    total = hub.summary().tills[0].kinds[kind]
    assert (total.uninterpreted, total.amount_fen) == (1, 0)
    assert hub.push(till.segment(FIRST)).flags == ()


def grant(serial: str) -> bytes:
    return msgspec.json.encode(
        Granted(
            order_id="an order",
            serial=serial,
            plan=1,
            center=1,
            from_day="2026-11-22",
            until="2027-11-22",
            counter=7,
            provisional=False,
        )
    )


def test_a_card_counter_granted_twice_after_a_restore_is_kept_twice_and_alarmed(
    hub: WebHub, till: Scribe
) -> None:
    """The till sells a card, is put back from a copy made before that, and sells another."""
    copy = till.copied()
    till.write(FIRST, "membership_granted", "grant-1", grant("00a1b2c3d401"))
    assert hub.push(till.segment(FIRST)).flags == ()
    copy.open_run(SECOND, parent=FIRST)
    copy.write(SECOND, "membership_granted", "grant-2", grant("00a1b2c3d402"))
    assert "exception" in hub.push(copy.segment(SECOND)).flags
    about = [alarm.about for alarm in hub.summary().alarms if alarm.kind == "exception"]
    assert about == ["card counter 7"]
    assert hub.rows("hub_member") == 2
    state = hub.state()
    hub.push(copy.segment(SECOND))
    assert hub.state() == state


def test_the_private_part_arrives_and_may_be_gone(hub: WebHub, till: Scribe) -> None:
    entry = till.write(FIRST, private=Private(b"s" * 16, b"sealed"))
    hub.push(till.segment(FIRST))
    stored = [row for row in hub.state()["entry"] if row[2] == 11]
    assert b"sealed" in stored[0]
    later = till.write(FIRST, private=Private(b"s" * 16, b"forgotten"))
    till.runs[FIRST][-1] = type(later)(later.header_bytes, later.body, None, later.prev, later.hash)
    assert hub.push(till.segment(FIRST)).marks == (mark(till, FIRST, 12),)
    assert entry.header.private_sha256


def test_the_reply_names_the_parents_mark_too(hub: WebHub, till: Scribe) -> None:
    till.open_run(SECOND, parent=FIRST)
    reply = hub.push(till.segment(SECOND))
    assert reply.marks == (mark(till, SECOND, 1), mark(till, FIRST, 0))
    hub.push(till.segment(FIRST))
    reply = hub.push(till.segment(SECOND))
    assert reply.marks == (mark(till, SECOND, 1), mark(till, FIRST, 10))
    assert reply.flags == ()
    assert not hub.alarms()


def third(till: Scribe) -> str:
    till.open_run("3-cccccccc", parent=FIRST)
    return "3-cccccccc"


def test_two_runs_that_go_on_from_one_place_are_a_branch(hub: WebHub, till: Scribe) -> None:
    till.open_run(SECOND, parent=FIRST)
    third(till)
    hub.push(till.segment(FIRST))
    assert hub.push(till.segment(SECOND)).flags == ()
    assert hub.push(till.segment("3-cccccccc")).flags == ("branch",)
    assert hub.alarms() == {("branch", FIRST, 10)}


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_a_run_sold_on_after_its_successor_opened_is_a_branch(
    hub: WebHub, till: Scribe, order: tuple[int, ...]
) -> None:
    till.open_run(SECOND, parent=FIRST)
    till.write(FIRST)
    segments = [till.segment(FIRST, 1, 10), till.segment(SECOND), till.segment(FIRST, 1, 11)]
    for index in order:
        hub.push(segments[index])
    assert hub.alarms() == {("branch", FIRST, 10)}


def test_two_first_runs_of_one_till_are_a_branch(hub: WebHub, till: Scribe) -> None:
    hub.push(till.segment(FIRST))
    till.open_run(SECOND)
    assert hub.push(till.segment(SECOND)).flags == ("branch",)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"schema":"xuanpin.run.1","parent_run":"9-ff","parent_seq":3,"parent_hash":"zz"}',
        b'{"schema":"xuanpin.run.1","parent_run":"9-ff","parent_seq":%d,"parent_hash":"%s"}'
        % (2**64 - 1, b"00" * 32),
        b'{"schema":"xuanpin.run.1","parent_seq":3}',
    ],
)
def test_a_run_that_does_not_say_where_it_comes_from_is_stored_and_alarmed(
    hub: WebHub, body: bytes
) -> None:
    till = hub.enrolled()
    till.open_run(FIRST, body=body)
    till.write(FIRST)
    reply = hub.push(till.segment(FIRST))
    assert reply.flags == ("branch",)
    assert reply.marks == (mark(till, FIRST, 2),)


def test_tills_do_not_touch_each_other(hub: WebHub, till: Scribe) -> None:
    other = hub.enrolled(2)
    other.open_run(FIRST)
    other.write(FIRST, id=till.runs[FIRST][3].header.id, body=b"[1]")
    hub.push(till.segment(FIRST))
    assert hub.push(other.segment(FIRST)).flags == ()
    assert [t.number for t in hub.summary().tills] == [1, 2]


def test_a_till_that_the_hub_forgot_comes_back_with_its_certificate(hub: WebHub) -> None:
    till = hub.certified(7, till_number=33)
    till.open_run(FIRST)
    assert hub.push(till.segment(FIRST)).marks == (mark(till, FIRST, 1),)
    (known,) = hub.summary().tills
    assert (known.number, known.name, known.center) == (33, "#033", "chenghai")
    hub.enrolled(2)  # the next till gets a number and counters of its own
    assert [t.number for t in hub.summary().tills] == [33, 34]
    ranges = [(row[1], row[2]) for row in hub.state()["certificate"]]
    assert sorted(ranges) == [(500_001, 100_000), (600_001, 100_000)]


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_delivery_ends_in_the_same_books(
    tmp_path: Path, new_database: NewDatabase, seed: int
) -> None:
    def deliver(hub: WebHub, choice: random.Random | None) -> dict[str, list[tuple[object, ...]]]:
        till = hub.enrolled()
        till.open_run(FIRST)
        for index in range(11):
            till.write(FIRST, "sale" if index % 4 == 0 else "sign_in", amount_fen=index)
        till.open_run(SECOND, parent=FIRST)
        till.write(SECOND)
        third(till)
        whole = [till.segment(run) for run in till.runs]
        if choice:
            pieces = [
                till.segment(run, start, start + choice.randint(0, 5))
                for run, chain in till.runs.items()
                for start in range(1, len(chain) + 1)
            ]
            for data in choice.choices(pieces, k=40):
                assert hub.client.post("/v1/segments", content=data).status_code in (200, 409)
            choice.shuffle(whole)
        for data in whole:
            hub.push(data)
        return hub.state("segment", "till", "certificate", "invite", "act", "hub", "opening")

    with web_hub(tmp_path / "straight", new_database()) as hub:
        straight = deliver(hub, None)
    with web_hub(tmp_path / "shuffled", new_database()) as hub:
        assert deliver(hub, random.Random(seed)) == straight
