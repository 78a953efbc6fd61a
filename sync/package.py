"""What each package declares of itself; the front door hands the lists down.

So the ground floor parses, migrates and books what it was given and knows nothing of the
floors above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from sync.rules.feed_row import FeedRow as FeedRow

if TYPE_CHECKING:
    from fastapi import APIRouter, Response
    from sqlalchemy import Column, Connection, Engine, Index, Table
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    from sync.rules.bad_rows import BadRows
    from sync.rules.entry import Header, Private
    from sync.rules.refusal import Refused


class Section(msgspec.Struct, frozen=True):
    """One table of config.toml and the strict struct it is read into.

    `keyed` sections hold one struct per name (`[centers.zhengzhou]`).
    """

    name: str
    type: type[msgspec.Struct]
    keyed: bool = False


class Kind(msgspec.Struct, frozen=True):
    """A journal kind and what it records, for the hub's reader and the documentation.

    `title` is what screens call it: a message id, a few words.
    """

    name: str
    meaning: str
    title: str


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """An entry the hub has appended and now books; `till_name` is its short name.

    `private` is what was sealed to the hub; None where there is none, or it was deleted.
    """

    header: Header
    body: bytes
    private: Private | None
    till_name: str
    center: str


class Noticed(msgspec.Struct, frozen=True):
    """What a projection noticed while booking.

    `unread` are the indexes of bodies it could not read: flagged uninterpreted. `contradicted`
    names, in up to 64 characters each and without personal data, what is now booked twice with
    different contents, or against what the hub granted: each becomes an `exception` alarm of the
    till.
    """

    unread: tuple[int, ...] = ()
    contradicted: tuple[str, ...] = ()


class HubStep(msgspec.Struct, frozen=True):
    """One step in the life of a hub's database: applied once, in a transaction of its own.

    Steps are only ever appended, and keep their names. `tables`, `columns` and `indexes` are made
    as they are declared today unless they are there already, then `run` is called; `run` speaks
    to every database that a hub may have. How to add one: `sync.stores.hub_migrations`.
    """

    name: str
    tables: tuple[Table, ...] = ()
    columns: tuple[Column[Any], ...] = ()
    indexes: tuple[Index, ...] = ()
    run: Callable[[Connection], None] | None = None


LastCounter = Callable[["Connection", str, int, int, Mapping[str, int] | None], int | None]


class HubSecrets(Protocol):
    """What booking may ask of the hub's keys (`sync.keys.HubKeys`)."""

    @property
    def public(self) -> bytes:
        """The hub's public key."""

    def sign(self, data: bytes) -> bytes:
        """Sign for the hub."""

    def unseal(self, sealed: bytes) -> bytes | Refused:
        """Open what a till sealed to the hub."""

    def phone_key(self, center: int) -> bytes:
        """Return a center's phone-hash key."""


class Projection(msgspec.Struct, frozen=True):
    """How the hub books one kind: into the package's own tables, from appended entries.

    `book` gets entries of this kind and of one till that are new at the hub, in order, inside the
    hub's open transaction, and the hub's keys. It books all it can read, odd or not, and never
    raises for bad data. What it changes in a feed it puts there in the same transaction.
    `last_counter` is there where entries use up a certificate's card counters: of one till
    (install id), the highest from a first to a last counter that is booked, of entries up to
    the seq given for their run (None: of all); None if none is. `revoked` is called in the
    transaction that revokes a till (install id), for what is fed of it by then.
    """

    kind: str
    book: Callable[[Connection, Sequence[Arrived], HubSecrets], Noticed]
    last_counter: LastCounter | None = None
    revoked: Callable[[Connection, str], None] | None = None


class Remark(msgspec.Struct, frozen=True):
    """What is odd about so many rows that are fed all the same.

    `reason` is stable, `message` a message id that has `{count}`.
    """

    reason: str
    message: str
    count: int


def _unheard(_remark: Remark) -> None:
    """Remark to nobody."""


class Publication(msgspec.Struct, frozen=True):
    """A file that a person publishes at the hub, and what the hub feeds so far.

    `centers` are numbers by name, `center` is that of the one in which the person works. `fed`
    returns the contents of those of a feed's keys that are there, `all_fed` every row of a feed;
    where each center has rows of its own, this center's; neither shows tombstones. `progress` is
    told how much of the file is read, of how much; `remark` is told once of each oddity.
    """

    path: Path
    centers: Mapping[str, int]
    fed: Callable[[str, Sequence[str]], Mapping[str, bytes]]
    all_fed: Callable[[str], Iterable[FeedRow]]
    progress: Callable[[int, int], None]
    center: int = 0
    remark: Callable[[Remark], None] = _unheard


ReadFeed = Callable[[Publication], "Iterable[tuple[int, FeedRow]] | BadRows | Refused"]


class Feed(msgspec.Struct, frozen=True):
    """What the hub feeds its tills: rows by key, of all centers or of each till's own.

    `title` is what people call it: a message id, a word or two.

    `apply` writes rows, each key once, into reference.db inside the caller's transaction; a
    tombstone removes. It raises `Fault` for contents that this program cannot read. `clear`
    removes all that the feed fills, and what was put there before it was fed: a snapshot begins
    with that, in a copy of the file.

    Where `per_center`, every row is for one center and a till gets its own center's; else all are
    for all (center 0). Where `registered`, and that is for all, what is published and removed is
    recorded in the hub's register: it is on the second medium before it takes effect, and comes
    back with it. `read` checks the whole of a file, then returns its rows, each key once,
    with the center each is for, to be iterated once; or it says what is wrong. None where the
    hub's own bookings are fed.
    """

    name: str
    meaning: str
    title: str
    per_center: bool
    apply: Callable[[Database, Sequence[FeedRow]], None]
    clear: Callable[[Database], None]
    read: ReadFeed | None = None
    registered: bool = False


class Reader(msgspec.Struct, frozen=True):
    """Who reads at the hub with a token: its name, and of which center (0: of all)."""

    name: str
    center: int


class HubWeb(msgspec.Struct, frozen=True):
    """What a package's own part of the hub's web interface is built on.

    `reader` tells who asks by the request's `Authorization` header, or refuses; `refusal` turns
    a refusal into the answer.
    """

    engine: Engine
    reader: Callable[[str], Reader | Refused]
    refusal: Callable[[Refused], Response]


def _no_web(_web: HubWeb) -> tuple[APIRouter, ...]:
    return ()


def _no_news(_connection: Connection) -> tuple[tuple[str, int, int], ...]:
    return ()


def _no_feeds() -> tuple[Feed, ...]:
    return ()


def _no_projections() -> tuple[Projection, ...]:
    return ()


def _no_steps() -> tuple[HubStep, ...]:
    return ()


class Package(msgspec.Struct, frozen=True):
    """All that one floor declares; what is called, is called where a hub runs or a till pulls.

    `web` makes the package's own routes at the hub. `news` tells, for every till, its center and
    how many things of the package there are to read: whoever reads is called when it grows.
    `day_report` names (`module:function`) what makes a page of a day that is kept; at most one
    package does. It gets a `DayAbout`, what was recorded, the kinds' names and the language.
    """

    name: str
    sections: tuple[Section, ...] = ()
    kinds: tuple[Kind, ...] = ()
    journal_migrations: tuple[Migrations, ...] = ()
    reference_migrations: tuple[Migrations, ...] = ()
    hub_steps: Callable[[], tuple[HubStep, ...]] = _no_steps
    projections: Callable[[], tuple[Projection, ...]] = _no_projections
    feeds: Callable[[], tuple[Feed, ...]] = _no_feeds
    web: Callable[[HubWeb], tuple[APIRouter, ...]] = _no_web
    news: Callable[[Connection], Sequence[tuple[str, int, int]]] = _no_news
    day_report: str = ""
