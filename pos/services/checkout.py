"""Completing a sale: order, membership, journal entry and print job in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pos.rules.order import Order
from sync.rules.refusal import Refused

if TYPE_CHECKING:
    from pos.rules.cart import Cart
    from pos.rules.tender import Settlement, Tender
    from sync.services.till import OpenTill


@dataclass(frozen=True, slots=True)
class Completed:
    """A sale that is durable: the order as journalled, and the print jobs that wait for it."""

    order: Order
    job_ids: tuple[int, ...]


class Checkout:
    """Takes the money of one till's carts."""

    def __init__(self, till: OpenTill) -> None:
        raise NotImplementedError

    def due_fen(self, cart: Cart, *, cash: bool) -> int:
        """Return what is to pay, all in cash (rounded down) or all by wallet (exact)."""
        raise NotImplementedError

    def quote(self, cart: Cart, tenders: Sequence[Tender]) -> Settlement | Refused:
        """Say how these tenders would settle the cart, or why they would not; writes nothing.

        Also refuses what could not be recorded (too large, disk full), before money is taken.
        """
        raise NotImplementedError

    def complete(self, cart: Cart, tenders: Sequence[Tender]) -> Completed | Refused:
        """Sell the cart. Only after this has returned may anything print or say "paid".

        Raises `Fault` when the database fails; the sale is then not recorded, or, if the
        fault says so, selling stops until the disk is well.
        """
        raise NotImplementedError
