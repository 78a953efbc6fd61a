"""The register: one open cart, changed by scans and keys, persisted at every change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pos.rules.basket import PricedBasket
from pos.rules.items import Delivery, Item
from sync.rules.refusal import Refused

if TYPE_CHECKING:
    from membership.rules.member import Member
    from pos.rules.cart import Cart
    from sync.services.till import OpenTill


@dataclass(frozen=True, slots=True)
class View:
    """What a screen shows of the register: the cart, priced, and how many carts are held."""

    cart: Cart
    priced: PricedBasket
    held: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan did: put an item on a line, attached a member, or found several items.

    `choices` are the items that typed words found; nothing was added then.
    """

    kind: Literal["item", "member", "choices"]
    item: Item | None = None
    line_number: int | None = None
    member: Member | None = None
    choices: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A cart that waits: its number, how many lines, and the total it had."""

    number: int
    lines: int
    total_fen: int
    opened_at_ms: int


@dataclass(frozen=True, slots=True)
class Recalled:
    """A held cart taken back, priced anew: the total it had and the one it has now."""

    number: int
    before_fen: int
    total_fen: int


class Register:
    """The cart of one counter. Every method that changes it returns None or a refusal."""

    def __init__(self, till: OpenTill) -> None:
        """Take up the cart that an earlier run left open, under a new id; else start empty."""
        raise NotImplementedError

    @property
    def cart(self) -> Cart:
        """The open cart."""
        raise NotImplementedError

    def view(self) -> View:
        """Price the open cart as it stands."""
        raise NotImplementedError

    def scan(self, text: str, *, delivery: Delivery | None = None) -> Scanned | Refused:
        """Act on what was scanned or typed: a code, a scale label, a link, a card, words."""
        raise NotImplementedError

    def add_item(self, sku: str, quantity: int = 1) -> Scanned | Refused:
        """Add an item chosen from a list or by a quick key."""
        raise NotImplementedError

    def search(self, text: str, limit: int = 20) -> Sequence[Item]:
        """Find items by code, name or pinyin initials."""
        raise NotImplementedError

    def set_quantity(self, number: int, quantity: int) -> Refused | None:
        """Set the pieces of a line."""
        raise NotImplementedError

    def set_delivery(self, number: int, delivery: Delivery) -> Refused | None:
        """Say whether a line is carried out or shipped by the factory."""
        raise NotImplementedError

    def remove(self, number: int) -> Refused | None:
        """Take a line out."""
        raise NotImplementedError

    def attach(self, text: str) -> Member | Refused:
        """Attach the member of a card text or a phone number."""
        raise NotImplementedError

    def detach(self) -> None:
        """Forget the attached member; prices go back."""
        raise NotImplementedError

    def join(self, phone: str | None = None) -> Refused | None:
        """Put the PLUS plan into the cart, with or without a phone number."""
        raise NotImplementedError

    def void(self) -> Refused | None:
        """Give the open cart up; the journal keeps what was in it."""
        raise NotImplementedError

    def hold(self) -> int | Refused:
        """Set the open cart aside; returns the number to recall it by."""
        raise NotImplementedError

    def recall(self, number: int) -> Recalled | Refused:
        """Take a held cart back, with today's items and prices."""
        raise NotImplementedError

    def held(self) -> Sequence[Held]:
        """List the carts set aside, lowest number first."""
        raise NotImplementedError

    def start_new(self) -> None:
        """Show an empty cart, as after a completed sale."""
        raise NotImplementedError
