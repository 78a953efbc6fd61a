"""Who may read at the hub: readers are given a token, shown once, and checked by its digest."""

import hashlib
import re
import secrets
from collections.abc import Callable

from sqlalchemy import Engine

from sync.clock import Clock
from sync.database import hub_snapshot, hub_transaction
from sync.package import Reader
from sync.rules.reader import check_name
from sync.rules.refusal import N_, Refused
from sync.rules.register import Withdrawn
from sync.stores import hub_register, hub_tokens
from sync.stores.hub_register import Register

PREFIX = "xpr_"
_TOKEN_BYTES = 32
_SCHEME = re.compile(rf"[Bb]earer +({PREFIX}[0-9A-Za-z_-]{{43}}) *")


class Readers:
    """Gives and withdraws tokens, and tells whose one is; the database is already prepared."""

    def __init__(
        self, engine: Engine, clock: Clock, entropy: Callable[[int], str] = secrets.token_urlsafe
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._entropy = entropy

    def admit(self, name: str, center: int = 0) -> str | Refused:
        """Return a token of 256 random bits for a reader of one center, or of all (0).

        Only its digest is kept. Refused if the name is taken or is none.
        """
        refused = check_name(name)
        if refused is not None:
            return refused
        token = PREFIX + self._entropy(_TOKEN_BYTES)
        with hub_transaction(self._engine) as connection:
            reader = Reader(name, center)
            if not hub_tokens.add(connection, reader, _digest(token), self._clock.now_ms()):
                return _taken(name)
        return token

    def dismiss(self, name: str, register: Register) -> Refused | None:
        """Take a reader's token back: it reads nothing any more, after a restore either.

        Raises `Fault`, and nothing is changed, if the second medium does not take it.
        """
        with hub_transaction(self._engine) as connection:
            hub_register.up_to_date(connection, register)
            digest = hub_tokens.digest_of(connection, name)
            if digest is None:
                return _unknown(name)
            act = Withdrawn(name, digest)
            hub_register.record(connection, register, act, self._clock.now_ms())
        return None

    def readers(self) -> list[tuple[Reader, int]]:
        """Return every reader and the moment it was let in."""
        with hub_snapshot(self._engine) as connection:
            return hub_tokens.all_readers(connection)

    def reader(self, authorization: str) -> Reader | Refused:
        """Return who reads, by an `Authorization: Bearer …` header (RFC 6750)."""
        given = _SCHEME.fullmatch(authorization)
        if given is None:
            return _no_token()
        with hub_snapshot(self._engine) as connection:
            return hub_tokens.reader_of(connection, _digest(given.group(1))) or _no_token()


def _digest(token: str) -> bytes:
    # Plain SHA-256 is enough: nobody guesses 256 random bits, and what is looked up is a digest.
    return hashlib.sha256(b"xuanpin.reader.1\0" + token.encode()).digest()


def _no_token() -> Refused:
    return Refused(
        "reader.unknown",
        N_("This needs the token of a reader that the hub knows."),
        N_("Send it as `Authorization: Bearer …`; `xuanpin sync token NAME` makes one."),
    )


def _taken(name: str) -> Refused:
    return Refused(
        "reader.taken",
        N_("There is a reader called {name} already."),
        N_("Choose another name, or withdraw its token with --withdraw first."),
        {"name": name},
    )


def _unknown(name: str) -> Refused:
    return Refused(
        "reader.none",
        N_("There is no reader called {name}."),
        N_("`xuanpin sync tokens` lists them."),
        {"name": name[:64]},
    )
