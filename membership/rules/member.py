"""A member as the desk shows one: the serial, the last valid day, and where it stands."""

from collections.abc import Iterable
from datetime import date

import msgspec

from membership.rules.card import Card, CardStanding, State
from membership.rules.phone import stored_display
from sync.rules.refusal import Refused


class Member(msgspec.Struct, frozen=True):
    """A membership that was found; `last4` is known in its own center only.

    `refused` says why PLUS prices do not apply, None when they do.
    """

    serial: str
    until: date
    state: State
    last4: str
    card: Card
    refused: Refused | None = None

    @property
    def accepted(self) -> bool:
        """Tell whether PLUS prices apply."""
        return self.refused is None

    @property
    def label(self) -> str:
        """What screens and receipts call this member: `****1234`, or the serial."""
        return stored_display(self.last4) or self.serial


def member_of(standing: CardStanding, last4: str) -> Member | Refused:
    """Return the member that a believed card stands for; refused where it is not believed."""
    card = standing.card
    if card is None:
        assert standing.refused is not None
        return standing.refused
    return Member(card.serial, card.until, standing.state, last4, card, standing.refused)


def best(members: Iterable[Member]) -> Member | None:
    """Choose among one person's memberships: accepted, then confirmed, then the longest."""
    return max(
        members,
        key=lambda member: (member.accepted, member.state == "active", member.until),
        default=None,
    )
