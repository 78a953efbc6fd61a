"""What a manager sees of the hub's tills: certificates, revocations, contacts, what is held."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Engine

from sync.database import hub_snapshot
from sync.rules.certificate import Certificate, day_of, read
from sync.stores import hub_journal, hub_revocations, hub_tills
from sync.stores.hub_tills import Till


class ListedTill(msgspec.Struct, frozen=True, kw_only=True):
    """A till as a manager sees it; `last_contact_ms` is when it last brought something new."""

    till: str
    number: int
    name: str
    center: str
    certificate_until: str | None
    revoked_ms: int | None
    revoked_reason: str
    held: int
    last_contact_ms: int | None


class HeldRun(msgspec.Struct, frozen=True, kw_only=True):
    """What is held of one run of a till: entries and amounts by journal kind."""

    till: str
    name: str
    run: str
    first_seq: int
    last_seq: int
    entries: int
    amount_fen: int
    kinds: dict[str, int]
    received_ms: int


class TillList:
    """Lists the tills of a hub; it reads, and never makes a push wait."""

    def __init__(self, engine: Engine, hub_public: bytes) -> None:
        self._engine = engine
        self._public = hub_public

    def tills(self) -> list[ListedTill]:
        """List every enrolled till, by number."""
        with hub_snapshot(self._engine) as connection:
            revoked = hub_revocations.all_revocations(connection)
            held = hub_revocations.count_held(connection)
            seen = hub_journal.last_received(connection)
            until: dict[str, str] = {}
            for till, data in hub_tills.all_certificates(connection):
                until[till.till] = self._until(data)
            tills = hub_tills.all_tills(connection)
        return [
            ListedTill(
                till=till.till,
                number=till.number,
                name=till.name,
                center=till.center_name,
                certificate_until=until.get(till.till),
                revoked_ms=revoked[till.till].revoked_ms if till.till in revoked else None,
                revoked_reason=(
                    revoked[till.till].revocation.reason if till.till in revoked else ""
                ),
                held=held.get(till.till, 0),
                last_contact_ms=seen.get(till.till),
            )
            for till in tills
        ]

    def held(self) -> list[HeldRun]:
        """List what is held, by till and run."""
        found = []
        with hub_snapshot(self._engine) as connection:
            for install in sorted(hub_revocations.count_held(connection)):
                till = hub_tills.enrolled_till(connection, install)
                assert till is not None, "only enrolled tills have anything held"
                runs: dict[str, list[hub_revocations.HeldEntry]] = {}
                for each in hub_revocations.held_entries(connection, install):
                    runs.setdefault(each.run, []).append(each)
                found += [_held_run(till, run, entries) for run, entries in runs.items()]
        return found

    def _until(self, data: bytes) -> str:
        certificate = read(data, self._public)
        assert isinstance(certificate, Certificate), "the hub keeps its own certificates"
        return day_of(certificate.until_day).isoformat()


def _held_run(till: Till, run: str, entries: Sequence[hub_revocations.HeldEntry]) -> HeldRun:
    headers = [each.entry.header for each in entries]
    kinds: dict[str, int] = {}
    for header in headers:
        kinds[header.kind] = kinds.get(header.kind, 0) + 1
    return HeldRun(
        till=till.till,
        name=till.name,
        run=run,
        first_seq=entries[0].seq,
        last_seq=entries[-1].seq,
        entries=len(entries),
        amount_fen=sum(header.amount_fen for header in headers),
        kinds=kinds,
        received_ms=min(each.received_ms for each in entries),
    )
