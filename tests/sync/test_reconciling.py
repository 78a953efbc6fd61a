"""Reconciling a till's day with the hub: worked examples of what is said, and when."""

import msgspec
import pytest
from msgspec import structs

from sync.rules.center_day import Closing, Gap, TillDay, Told
from sync.rules.closing import DAY_CLOSED, DayClosed, read_closing, recount
from sync.rules.reconciling import FRESH_MS, Own, Reconciled, State, alone, compare, reconcile
from sync.rules.reply import Mark
from sync.rules.standing import Standing
from sync.rules.totals import (
    NOTHING,
    DayTotals,
    KindTotal,
    Total,
    are_sound,
    bad_day,
    in_order,
    is_day,
)

DAY = "2026-11-22"
ENDS_MS = 1_000_000_000
EVENING_MS = ENDS_MS - 3_600_000
HEAD = Mark("2-bb", 7, b"h" * 32)
SALES = (KindTotal("sale", 3, 900),)
TILL = TillDay(
    till="a" * 32,
    number=2,
    name="ZZ-02",
    revoked=False,
    booked=SALES,
    uninterpreted=(),
    held=(),
    marks=(HEAD,),
    gaps=(),
    closings=(),
    told=None,
    exceptions=(),
    exceptions_left=0,
)
OWN = Own(TILL.till, {"sale": Total(3, 900)}, {HEAD.run: HEAD}, 0, None)


def told(
    kinds: tuple[KindTotal, ...] = SALES,
    *,
    at_ms: int = EVENING_MS,
    day: str = DAY,
    pending: int = 0,
    head: Mark = HEAD,
    open_days: int = 1,
) -> Told:
    days = (DayTotals(day, kinds),)
    standing = Standing(at_ms, head.run, head.seq, head.hash, pending, 5, open_days, days)
    return Told(standing, at_ms)


def hub(**changed: object) -> TillDay:
    return structs.replace(TILL, **changed)


def judged(till: TillDay, own: Own | None = None, now_ms: int = EVENING_MS) -> Reconciled:
    return reconcile(DAY, till, own, now_ms, ENDS_MS)


@pytest.mark.parametrize(
    ("changed", "own", "state"),
    [
        pytest.param({}, OWN, "agrees", id="same sums, same head"),
        pytest.param(
            {"booked": (KindTotal("sale", 2, 600),), "marks": (Mark("2-bb", 6, b"g" * 32),)},
            structs.replace(OWN, pending=1, oldest_pending_ms=5),
            "pending",
            id="one entry not sent",
        ),
        pytest.param(
            {"booked": (KindTotal("sale", 2, 600),), "marks": (Mark("2-bb", 0, b""),)},
            OWN,
            "pending",
            id="a hub put back from a backup",
        ),
        pytest.param(
            {"booked": (KindTotal("sale", 2, 600),)}, OWN, "differs", id="the hub lost a booking"
        ),
        pytest.param({"booked": (KindTotal("sale", 3, 901),)}, OWN, "differs", id="a fen too much"),
        pytest.param(
            {"booked": (KindTotal("sale", 4, 1000),), "marks": (Mark("2-bb", 6, b"g" * 32),)},
            OWN,
            "differs",
            id="the hub has more, whatever is pending",
        ),
        pytest.param({"marks": (Mark("2-bb", 7, b"x" * 32),)}, OWN, "differs", id="another head"),
        pytest.param(
            {"booked": (KindTotal("sale", 1, 300),), "held": (KindTotal("sale", 2, 600),)},
            OWN,
            "agrees",
            id="booked and held",
        ),
        pytest.param(
            {"booked": (), "uninterpreted": SALES}, OWN, "agrees", id="there, but not readable"
        ),
        pytest.param({}, structs.replace(OWN, pending=2), "pending", id="a lost reply"),
        pytest.param(
            {"booked": (KindTotal("sale", 2, 600),)},
            structs.replace(OWN, pending=1, heads={"3-cc": Mark("3-cc", 2, b"n" * 32)}),
            "pending",
            id="a run the hub was not asked about",
        ),
    ],
)
def test_the_own_till_is_judged_by_its_journal(
    changed: dict[str, object], own: Own, state: State
) -> None:
    seen = judged(hub(**changed), own)
    assert (seen.state, seen.source, seen.own) == (state, "journal", True)


CLOSING = Closing(
    "2-bb",
    7,
    EVENING_MS,
    DayClosed(
        day=DAY,
        totals=SALES,
        head_run="2-bb",
        head_seq=6,
        head_hash="00" * 32,
        closed_by="Li",
        pending=0,
    ),
)
GAP = Gap("1-aa", 3, 4)
CLOSED = (*SALES, KindTotal(DAY_CLOSED, 1, 0))


@pytest.mark.parametrize(
    ("changed", "state", "source"),
    [
        pytest.param({"told": told()}, "agrees", "running", id="heard just now"),
        pytest.param(
            {"told": told(at_ms=EVENING_MS - FRESH_MS - 1)}, "unheard", "running", id="long ago"
        ),
        pytest.param({"told": None}, "unheard", "none", id="never"),
        pytest.param({"told": told(pending=4)}, "pending", "running", id="more to come"),
        pytest.param(
            {"told": told((KindTotal("sale", 4, 1000),))}, "differs", "running", id="hub has less"
        ),
        pytest.param(
            {"told": told(head=Mark("2-bb", 9, b"z" * 32))}, "pending", "running", id="hub behind"
        ),
        pytest.param(
            {"told": told(day="2026-11-23"), "booked": ()}, "agrees", "running", id="nothing sold"
        ),
        pytest.param(
            {"told": told(day="2026-11-23", open_days=9)}, "unheard", "running", id="day left out"
        ),
        pytest.param(
            {"told": told(at_ms=1), "booked": CLOSED, "closings": (CLOSING,)},
            "agrees",
            "closing",
            id="closed, however long ago",
        ),
        pytest.param(
            {"told": told(pending=3), "booked": CLOSED, "closings": (CLOSING,)},
            "agrees",
            "closing",
            id="closed, and sold for the next day since",
        ),
        pytest.param(
            {"told": told(), "booked": CLOSED, "closings": (CLOSING,), "gaps": (GAP,)},
            "pending",
            "closing",
            id="closed, with a gap elsewhere",
        ),
        pytest.param(
            {"told": told(), "booked": (KindTotal("sale", 4, 1000),), "closings": (CLOSING,)},
            "differs",
            "closing",
            id="sold under a closed day",
        ),
    ],
)
def test_other_tills_are_judged_by_what_they_signed(
    changed: dict[str, object], state: State, source: str
) -> None:
    seen = judged(hub(**changed))
    assert (seen.state, seen.source, seen.own) == (state, source, False)


def test_a_till_heard_after_the_day_ended_is_believed_for_that_day() -> None:
    told_ms = ENDS_MS + 5
    assert judged(hub(told=told(at_ms=told_ms)), now_ms=ENDS_MS * 9).state == "agrees"


def test_every_kind_of_both_sides_is_shown_with_what_is_missing() -> None:
    till = hub(booked=(KindTotal("refund", 1, -50),), gaps=(GAP,))
    seen = judged(till, OWN)
    assert [(row.kind, row.journalled, row.arrived, row.missing) for row in seen.rows] == [
        ("refund", Total(), Total(1, -50), Total(-1, 50)),
        ("sale", Total(3, 900), Total(), Total(3, 900)),
    ]
    assert seen.differing == seen.rows
    assert seen.gaps == till.gaps


def test_alone_a_till_shows_what_it_has_and_claims_nothing() -> None:
    seen = alone(OWN, "ZZ-02", 2)
    assert (seen.state, [row.journalled for row in seen.rows]) == ("unheard", [Total(3, 900)])
    assert seen.rows, "something was sold"
    assert [(row.at_hub, row.missing) for row in seen.rows] == [(None, NOTHING)] * len(seen.rows)
    assert alone(structs.replace(OWN, pending=1), "ZZ-02", 2).state == "pending"


def test_comparing_nothing_finds_nothing() -> None:
    assert compare([], []).only_here == ()


def test_what_a_closing_says_is_read_strictly() -> None:
    said = CLOSING.said
    good = msgspec.json.encode(said)
    assert read_closing(good, DAY) == said
    assert read_closing(good, "2026-11-23") is None
    assert read_closing(b"{}", DAY) is None
    for changed in (
        {"day": "today"},
        {"head_hash": "zz"},
        {"head_hash": "00"},
        {"head_seq": 0},
        {"pending": -1},
        {"closed_by": ""},
        {"closed_by": "two\nlines"},
        {"head_run": "x" * 65},
        {"totals": (KindTotal("sale", -1, 0),)},
        {"totals": (KindTotal("sale", 1, 0), KindTotal("sale", 1, 0))},
        {"totals": CLOSED},
    ):
        bad = msgspec.json.encode(structs.replace(said, **changed))
        assert read_closing(bad, changed.get("day", DAY)) is None, changed  # type: ignore[arg-type]


def test_a_recount_names_the_kinds_that_are_not_as_said() -> None:
    found = {"sale": Total(3, 900), DAY_CLOSED: Total(1, 0)}
    assert recount(SALES, found) == ()
    assert recount(SALES, {"sale": Total(3, 899)}) == ("sale",)
    assert recount(SALES, {}) == ("sale",)


def test_days_and_totals_of_others_are_checked() -> None:
    assert all(is_day(text) for text in ("2026-11-22", "1970-01-01", "2999-12-31"))
    bad = ("2026-02-30", "26-1-1", "today", "", "0001-01-01", "9999-12-31")
    assert not any(is_day(text) for text in bad)
    assert bad_day("x").reason == "day.bad"
    assert in_order({"b": Total(1, 0), "a": Total(1, 2), "c": Total()})[0].kind == "a"
    assert not are_sound([KindTotal("", 1, 1)])
    assert not are_sound([KindTotal("sale", 1, 2**63)])
