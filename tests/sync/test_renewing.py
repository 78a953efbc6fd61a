"""A certificate that runs short is renewed in time; one that has run out stops no sale."""

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from unittest import mock

import httpx2
import pytest
from msgspec import structs
from sqlalchemy import delete

from sync.access import Access
from sync.database import hub_snapshot, hub_transaction
from sync.rules.certificate import Certificate, issue, read
from sync.rules.refusal import Refused
from sync.rules.register import Granted
from sync.services.courier import Courier
from sync.services.enrolment import Enroller
from sync.services.hub import Hub
from sync.services.till import OpenTill
from sync.stores import hub_register, hub_tills
from sync.stores.enrolment import Enrolment, read_enrolment
from sync.stores.hub_granting import CARDS_PER_CERTIFICATE, CERTIFICATE_DAYS
from sync.stores.hub_tables import CERTIFICATE
from tests.hub_databases import NewDatabase

from .hub_scenes import FIRST
from .register_scenes import ManagedHub, grant, managed_hub
from .signed_scenes import challenge_of, headers_of, refused, requests_of
from .tills import DAY_MS, make_setup, opened, sell

TARGET = "/v1/certificate"


@pytest.fixture
def hub(tmp_path: Path, new_database: NewDatabase) -> Iterator[ManagedHub]:
    with managed_hub(tmp_path / "hub", database=new_database()) as hub:
        yield hub


@pytest.fixture
def till(tmp_path: Path, hub: ManagedHub) -> Iterator[OpenTill]:
    with opened(make_setup(tmp_path / "till", clock=hub.clock)) as till:
        given = Enroller(till, hub.client).enrol(hub.invite())
        assert isinstance(given, Enrolment), given
        yield till


def certificate_of(till: OpenTill) -> Certificate:
    enrolment = read_enrolment(till.journal.read())
    assert enrolment is not None
    certificate = read(enrolment.certificate, enrolment.hub_public)
    assert isinstance(certificate, Certificate)
    return certificate


def renewed(till: OpenTill, hub: ManagedHub) -> Certificate:
    done = Courier(till, hub.client).renew()
    assert isinstance(done, Certificate), done
    return done


def test_a_fresh_certificate_is_not_renewed(till: OpenTill, hub: ManagedHub) -> None:
    before, kept = hub.state("used_challenge"), certificate_of(till)
    assert Courier(till, hub.client).renew() is None
    assert hub.state("used_challenge") == before
    assert certificate_of(till) == kept


def test_days_that_run_short_are_renewed_once(till: OpenTill, hub: ManagedHub) -> None:
    before = certificate_of(till)
    hub.clock.pass_ms((CERTIFICATE_DAYS - 89) * DAY_MS)
    after = renewed(till, hub)
    assert after == certificate_of(till)
    assert after.until_day == before.until_day + CERTIFICATE_DAYS - 89
    assert after.counter_first == before.counter_first + CARDS_PER_CERTIFICATE
    assert (after.number, after.center) == (before.number, before.center)
    assert Courier(till, hub.client).renew() is None


def test_counters_that_run_short_are_renewed(hub: ManagedHub) -> None:
    scribe = hub.enrolled()
    scribe.open_run(FIRST)
    asked = requests_of(scribe, hub)
    for counter, ranges in ((90_000, 1), (90_001, 2)):
        grant(scribe, FIRST, counter)
        hub.push(scribe.segment(FIRST))
        assert not isinstance(asked.ask("POST", TARGET, most_bytes=200), Refused)
        assert hub.rows("certificate") == ranges


def test_an_answer_that_was_lost_is_given_again(till: OpenTill, hub: ManagedHub) -> None:
    hub.clock.pass_ms((CERTIFICATE_DAYS - 10) * DAY_MS)
    kept = till.enrolment
    assert kept is not None
    lost = renewed(till, hub)
    with till.journal.transaction() as db:
        db.execute("UPDATE enrolment SET certificate = ?", [kept.certificate])
    assert renewed(till, hub) == lost
    assert hub.rows("certificate") == 2


def test_an_expired_till_goes_on_pushing_is_flagged_and_renewed(
    till: OpenTill, hub: ManagedHub
) -> None:
    hub.clock.pass_ms((CERTIFICATE_DAYS + 1) * DAY_MS)
    sell(till, 3)
    courier = Courier(till, hub.client)
    report = courier.push()
    assert (report.refused, report.pending, report.flags) == (None, 0, ("expired",))
    renewed(till, hub)
    sell(till)
    assert courier.push().flags == ()


def test_what_the_old_certificate_signed_stays_good(till: OpenTill, hub: ManagedHub) -> None:
    enrolment = till.enrolment
    assert enrolment is not None
    hub.clock.pass_ms((CERTIFICATE_DAYS - 10) * DAY_MS)
    renewed(till, hub)
    with till.journal.transaction() as db:
        db.execute("UPDATE enrolment SET certificate = ?", [enrolment.certificate])
    sell(till)
    assert Courier(till, hub.client).push().refused is None


def test_a_hub_put_back_to_before_a_renewal_learns_of_it_and_grants_nothing_twice(
    till: OpenTill, hub: ManagedHub
) -> None:
    """What the till sells under the certificate it has is not taken for a thief's."""
    hub.clock.pass_ms((CERTIFICATE_DAYS - 10) * DAY_MS)
    lost = renewed(till, hub)
    with hub_transaction(hub.opened.engine) as connection:
        connection.execute(delete(CERTIFICATE).where(CERTIFICATE.c.counter_first > 1))
    sell(till)
    assert Courier(till, hub.client).push().refused is None
    assert hub.rows("certificate") == 2
    assert Courier(till, hub.client).renew() is None
    later = read(hub.enrolled(2).certificate, hub.keys.public)
    assert isinstance(later, Certificate)
    assert later.counter_first == lost.counter_first + CARDS_PER_CERTIFICATE


@pytest.mark.parametrize("late", [False, True])
def test_a_hub_put_back_to_before_a_move_puts_the_till_where_its_certificate_says(
    tmp_path: Path, new_database: NewDatabase, late: bool
) -> None:
    """The center of its newest certificate, by that center's name; also in the register."""
    database = new_database()
    with managed_hub(tmp_path, database=database) as hub:
        till = hub.enrolled()
        till.open_run(FIRST)
        here = read(till.certificate, hub.keys.public)
        assert isinstance(here, Certificate)
        there = structs.replace(here, center=2, counter_first=100_001)
        between = structs.replace(here, center=3, counter_first=50_001, counter_count=50_000)
        moved, passed = (issue(each, hub.keys.sign) for each in (there, between))
        with contextlib.ExitStack() as undo:
            if late:  # as a version did that left the till where it was
                undo.enter_context(mock.patch.object(Hub, "_moved", lambda *given: given[2]))
            hub.push(till.segment(FIRST, certificate=moved))
        if not late:
            hub.push(till.segment(FIRST, certificate=passed))
            assert hub.tills()["ZZ-01"].center == "chenghai"
    for _ in range(2):
        with managed_hub(tmp_path, database=database) as hub:
            assert hub.tills()["ZZ-01"].center == "chenghai"
            with hub_snapshot(hub.opened.engine) as connection:
                acts = hub_register.check_database(connection, hub.opened.register)
                known = hub_tills.enrolled_till(connection, till.install)
            assert known is not None
            assert known.center == 2
            granted = [each.record.act for each in acts]
            assert [act.center_name for act in granted if isinstance(act, Granted)] == (
                ["zhengzhou", "chenghai"] if late else ["zhengzhou", "yiwu", "chenghai"]
            )


def test_the_counter_asks_once_a_day(till: OpenTill, hub: ManagedHub) -> None:
    asked: list[int] = []

    class Days(Access):
        """Every wait of the courier is six hours, for four days."""

        def wait(self, seconds: float) -> bool:
            hub.clock.pass_ms(DAY_MS // 4)
            if len(asked) == 4:
                self.end()
            return self.ended

    def count(request: httpx2.Request) -> None:
        if request.url.path == TARGET:
            asked.append(hub.clock.now_ms())

    hub.client.event_hooks = {"request": [count]}
    Courier(till, hub.client, Days()).run_forever()
    assert [later - before for before, later in pairwise(asked)] == [DAY_MS] * 3


def test_without_leave_nothing_is_given(till: OpenTill, hub: ManagedHub) -> None:
    scribe = hub.enrolled(2)
    hub.clock.pass_ms((CERTIFICATE_DAYS - 10) * DAY_MS)
    headers = headers_of(scribe, challenge_of(hub), TARGET)
    assert refused(hub, TARGET, {}, 401) == "request.unsigned"
    assert refused(hub, TARGET, headers, 413, b"x") == "request.too_large"
    hub.desk.revoke("ZZ-02", reason="stolen", who="Li")
    assert refused(hub, TARGET, headers, 403) == "request.revoked"


def test_a_hub_that_gives_another_tills_certificate_changes_nothing(
    till: OpenTill, hub: ManagedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, kept = hub.enrolled(2), certificate_of(till)
    with monkeypatch.context() as patched:
        patched.setattr("sync.services.courier.ask_certificate", lambda *_: other.certificate)
        done = Courier(till, hub.client).renew()
    assert isinstance(done, Refused)
    assert done.reason == "certificate.other_till"
    assert certificate_of(till) == kept
