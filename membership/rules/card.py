"""PLUS cards: 17 signed bytes that any till verifies without a network."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sync.rules.refusal import Refused

State = Literal["active", "expired", "provisional", "revoked", "invalid"]
PREFIX = "PM1:"


@dataclass(frozen=True, slots=True)
class Card:
    """A card's content; `serial` is 12 hex digits, `until` is the last valid day."""

    plan: int
    center: int
    serial: str
    from_day: date
    until: date
    counter: int


@dataclass(frozen=True, slots=True)
class CardStanding:
    """What a till thinks of a card on a day; `refused` says why it is not accepted.

    `state` is `provisional` for a card of this till's own that the hub has not confirmed.
    """

    state: State
    card: Card | None
    refused: Refused | None

    @property
    def accepted(self) -> bool:
        """Tell whether PLUS prices apply."""
        return self.state in ("active", "provisional")
