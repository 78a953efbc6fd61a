"""A stolen till: what it had sent stays booked, what the thief sends is held for a manager."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from membership.rules.fed_member import FEED as MEMBERS
from membership.rules.fed_member import FedMember
from membership.rules.fed_member import fed as fed_member
from membership.rules.fed_member import read_fed as read_member
from sync.database import hub_snapshot, hub_transaction
from sync.package import FeedRow
from sync.rules.refusal import Refused
from sync.rules.revocation import FEED, Range, read_fed
from sync.services.revoking import ReleasedTill, RevokedTill
from sync.stores import hub_feeds
from sync.stores.hub_tills import Till
from tests.hub_databases import NewDatabase

from .hub_scenes import FIRST, SECOND, Scribe, mark
from .register_scenes import ManagedHub, grant, managed_hub
from .signed_scenes import challenge_of, headers_of, refused

HOUR_MS = 3_600_000


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[ManagedHub]:
    with managed_hub(tmp_path, database=new_database()) as hub:
        yield hub


@pytest.fixture
def till(hub: ManagedHub) -> Scribe:
    """A till that has sold: three entries are at the hub, among them cards 1 and 2."""
    till = hub.enrolled()
    till.open_run(FIRST)
    grant(till, FIRST, 1)
    grant(till, FIRST, 2)
    hub.push(till.segment(FIRST))
    return till


def revoked(hub: ManagedHub, **choices: int) -> RevokedTill:
    done = hub.desk.revoke("ZZ-01", reason="stolen", who="Li", **choices)
    assert isinstance(done, RevokedTill), done
    return done


def good_counters(hub: ManagedHub) -> tuple[Range, ...] | None:
    with hub.opened.engine.connect() as connection:
        (row,) = hub_feeds.all_fed(connection, FEED)
    return read_fed(row.data)


def reason_of(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def test_what_a_revoked_till_sends_is_held_and_not_booked(hub: ManagedHub, till: Scribe) -> None:
    done = revoked(hub)
    assert (done.marks, done.last_counter, done.booked_later) == ({FIRST: 3}, 2, 0)
    booked = hub.rows("booking")
    till.write(FIRST)
    till.open_run(SECOND, parent=FIRST)
    for run, seq in ((FIRST, 3), (SECOND, 0)):
        reply = hub.push(till.segment(run))
        assert reply.flags == ("held",)
        assert reply.marks[0] == mark(till, run, seq)
    assert hub.rows("booking") == booked
    assert hub.held() == {FIRST: 1, SECOND: 1}
    assert {"held"} <= {kind for kind, _, _ in hub.alarms()}
    before = hub.state()
    hub.push(till.segment(FIRST))  # sent again, it is held once
    assert hub.state() == before


def test_cards_that_an_older_process_fed_without_their_seller_get_it_when_it_is_revoked(
    hub: ManagedHub, till: Scribe
) -> None:
    other = hub.enrolled(2)
    other.open_run(FIRST)
    grant(other, FIRST, 100_001)
    hub.push(other.segment(FIRST))

    def fed() -> dict[str, FedMember]:
        with hub_snapshot(hub.opened.engine) as connection:
            rows = list(hub_feeds.all_fed(connection, MEMBERS, 1))
        return {row.key: read_member(row.data) for row in rows}

    whole = fed()
    bare = {key: structs.replace(member, seller="") for key, member in whole.items()}
    with hub_transaction(hub.opened.engine) as connection:
        rows = [(1, FeedRow(key, fed_member(member))) for key, member in bare.items()]
        hub_feeds.put(connection, MEMBERS, rows)
    first, second, others = sorted(bare)
    assert {whole[key].seller for key in (first, second)} == {till.install}
    revoked(hub)
    assert fed() == {first: whole[first], second: whole[second], others: bare[others]}


def test_what_it_had_sent_before_is_still_answered(hub: ManagedHub, till: Scribe) -> None:
    revoked(hub)
    assert hub.push(till.segment(FIRST)).flags == ()


def test_a_long_journal_is_held_segment_by_segment(hub: ManagedHub, till: Scribe) -> None:
    revoked(hub)
    for _ in range(4):
        till.write(FIRST)
    hub.push(till.segment(FIRST, 4, 5))
    assert hub.push(till.segment(FIRST, 6, 7)).flags == ("held",)
    assert hub.held() == {FIRST: 4}


def test_a_thief_who_contradicts_what_is_booked_is_held_as_well(
    hub: ManagedHub, till: Scribe
) -> None:
    thief = till.copied()
    revoked(hub)
    thief.runs[FIRST] = thief.runs[FIRST][:1]
    thief.write(FIRST, id="forged")
    assert hub.push(thief.segment(FIRST)).flags == ("held",)
    assert (hub.rows("fork"), hub.held()) == (0, {FIRST: 1})


def test_a_thief_cannot_fill_the_hub(
    hub: ManagedHub, till: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.services.hub.MOST_HELD", 3)
    revoked(hub)
    for _ in range(4):
        till.write(FIRST)
    hub.push(till.segment(FIRST, 4, 6))
    assert hub.refused(till.segment(FIRST, 7), 403) == "segment.held_full"


def test_other_tills_are_not_held(hub: ManagedHub, till: Scribe) -> None:
    revoked(hub)
    other = hub.enrolled(2)
    other.open_run(FIRST)
    assert hub.push(other.segment(FIRST)).flags == ()


def test_the_manager_names_an_earlier_moment(hub: ManagedHub, till: Scribe) -> None:
    robbed_ms = hub.clock.now_ms()
    hub.clock.pass_ms(HOUR_MS)
    grant(till, FIRST, 3)
    till.open_run(SECOND, parent=FIRST)
    for run in (FIRST, SECOND):
        hub.push(till.segment(run))
    done = revoked(hub, since_ms=robbed_ms)
    assert (done.marks, done.last_counter) == ({FIRST: 3}, 2)
    assert done.booked_later == 2  # they stay booked, and a manager is told
    assert ("revoked", "", 0) in hub.alarms()
    assert good_counters(hub) == (Range(1, 2),)
    till.write(SECOND)
    assert hub.push(till.segment(SECOND)).flags == ("held",)


def test_a_moment_to_come_or_a_counter_never_granted_is_refused(
    hub: ManagedHub, till: Scribe
) -> None:
    before = hub.state()
    desk, later = hub.desk, hub.clock.now_ms() + 1
    assert reason_of(desk.revoke("ZZ-01", reason="", who="", since_ms=later)) == "revoke.future"
    assert reason_of(desk.revoke("ZZ-01", reason="", who="", counter=9**9)) == "revoke.counter"
    assert reason_of(desk.revoke("ZZ-77", reason="", who="")) == "till.not_enrolled"
    assert reason_of(desk.revoke("ZZ-01", reason="x" * 201, who="")) == "reason.length"
    assert reason_of(desk.reinstate("ZZ-01", reason="found", who="")) == "revoke.not_revoked"
    assert reason_of(desk.release("ZZ-01", reason="genuine", who="")) == "held.nothing"
    for decide in (desk.reinstate, desk.release):
        assert reason_of(decide("ZZ-01", reason=" ", who="")) == "reason.length"
    assert hub.state() == before


def test_the_manager_names_the_last_good_counter(hub: ManagedHub, till: Scribe) -> None:
    assert revoked(hub, counter=1).last_counter == 1
    assert good_counters(hub) == (Range(1, 1),)


def test_a_renewed_till_is_good_up_to_what_it_sold_of_each_range(
    hub: ManagedHub, till: Scribe
) -> None:
    """Unused counters of the first certificate are no more good than those of the second."""
    hub.enrolled()  # enrolling again grants another range
    grant(till, FIRST, 100_005)
    hub.push(till.segment(FIRST))
    revoked(hub)
    assert good_counters(hub) == (Range(1, 2), Range(100_001, 100_005))
    hub.desk.reinstate("ZZ-01", reason="found", who="Li")
    revoked(hub, counter=100_002)
    assert good_counters(hub) == (Range(1, 2), Range(100_001, 100_002))


def test_a_revocation_only_shrinks_by_reinstating(hub: ManagedHub, till: Scribe) -> None:
    revoked(hub, counter=1)
    assert revoked(hub).last_counter == 1
    assert isinstance(hub.desk.reinstate("ZZ-01", reason="found", who="Li"), Till)
    assert revoked(hub).last_counter == 2


def test_after_reinstating_everything_the_till_sends_is_booked_once(
    hub: ManagedHub, till: Scribe
) -> None:
    revoked(hub)
    till.write(FIRST)
    hub.push(till.segment(FIRST))
    hub.desk.reinstate("ZZ-01", reason="it lay in the storeroom", who="Li")
    assert hub.push(till.segment(FIRST)).marks[0] == mark(till, FIRST, 4)
    assert hub.rows("entry") == hub.rows("booking") == 4
    assert hub.held() == {}
    assert hub.tills()["ZZ-01"].revoked_ms is None
    assert hub.push(till.segment(FIRST)).alarms == ()
    with hub.opened.engine.connect() as connection:
        assert list(hub_feeds.all_fed(connection, FEED)) == []


def test_released_entries_are_booked_and_the_till_stays_revoked(
    hub: ManagedHub, till: Scribe
) -> None:
    revoked(hub)
    grant(till, FIRST, 3)
    till.open_run(SECOND, parent=FIRST)
    for run in (FIRST, SECOND):
        hub.push(till.segment(run))
    done = hub.desk.release("ZZ-01", reason="sold before it was stolen", who="Li")
    assert isinstance(done, ReleasedTill), done
    assert (done.booked, done.forks, done.held) == (2, 0, 0)
    assert hub.rows("booking") == 5
    assert (hub.held(), hub.rows("held")) == ({}, 0)
    assert good_counters(hub) == (Range(1, 3),)
    assert hub.push(till.segment(FIRST)).alarms == ()  # deciding settles the alarm
    reply = hub.push(till.segment(SECOND))
    assert (reply.flags, reply.marks[0]) == ((), mark(till, SECOND, 1))
    till.write(SECOND)
    assert hub.push(till.segment(SECOND)).flags == ("held",)


def test_what_owner_and_thief_both_sent_is_released_as_what_it_is(
    hub: ManagedHub, till: Scribe
) -> None:
    thief = till.copied()
    revoked(hub)
    till.write(FIRST, id="owner")
    thief.write(FIRST, id="thief")
    for each in (till, thief):
        hub.push(each.segment(FIRST))
        hub.clock.pass_ms(1)
    done = hub.desk.release("ZZ-01", reason="both are real", who="Li")
    assert isinstance(done, ReleasedTill), done
    assert (done.booked, done.forks) == (1, 1)
    assert ("fork", FIRST, 0) in hub.alarms()


def test_signed_requests_and_enrolling_again_are_refused(hub: ManagedHub, till: Scribe) -> None:
    revoked(hub)
    headers = headers_of(till, challenge_of(hub), "/v1/certificate")
    assert refused(hub, "/v1/certificate", headers, 403) == "request.revoked"
    before = hub.state("invite")
    with pytest.raises(AssertionError, match="was revoked"):
        hub.enrolled(1, "ZZ-09")
    assert hub.state("invite") == before


def test_the_name_of_a_revoked_till_is_given_to_nobody(hub: ManagedHub, till: Scribe) -> None:
    revoked(hub)
    before = hub.state()
    said = hub.inviting.invite("ZZ-01", 1, "zhengzhou")
    assert isinstance(said, Refused)
    assert said.reason == "invite.revoked"
    assert hub.state() == before
    hub.desk.reinstate("ZZ-01", reason="found", who="Li")
    hub.enrolled()


def test_the_list_of_tills_says_how_each_stands(hub: ManagedHub, till: Scribe) -> None:
    hub.enrolled(2)
    hub.clock.pass_ms(HOUR_MS)
    revoked(hub)
    till.write(FIRST)
    hub.push(till.segment(FIRST))
    listed = hub.tills()
    stolen, other = listed["ZZ-01"], listed["ZZ-02"]
    assert (stolen.revoked_ms, stolen.revoked_reason, stolen.held) == (
        hub.clock.now_ms(),
        "stolen",
        1,
    )
    assert (stolen.last_contact_ms, other.last_contact_ms) == (hub.clock.now_ms(), None)
    assert (other.revoked_ms, other.held) == (None, 0)
    assert other.certificate_until is not None
