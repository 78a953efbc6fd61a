"""What a receipt and a card slip share: who issues them, to whom, and whether they are the first.

Words come translated through `say`; names that exist in both languages are chosen by it.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from pos.rules.blocks import QrCode, Row
from pos.rules.order import Order
from pos.rules.paper import Paper, columns_of, printable, spread, wrap
from sync.rules.refusal import N_
from sync.rules.symbols import qr_matrix

MOST_MODULE_DOTS = 5
_QUIET_MODULES = 8


class Say(Protocol):
    """A language: translates message ids, chooses between names in both languages."""

    def __call__(self, message: str, /, **values: object) -> str:
        """Translate a message id and fill in its places."""
        ...

    def pick(self, chinese: str, english: str) -> str:
        """Choose a name."""
        ...


class Heading(msgspec.Struct, frozen=True):
    """What a slip says beside its order.

    `member` is masked or a serial; `code` is what the receipt's QR holds, and `linked` whether
    that is a page; `drawer` whether cash opens the drawer, which no reprint may;
    `refund_rule` when the fee of a card is returned.
    """

    center: str
    address: str
    policy: str
    member: str
    code: str
    linked: bool = False
    demo: bool = False
    copy: bool = False
    drawer: bool = False
    refund_rule: str = ""


def title_rows(heading: Heading, columns: int, say: Say) -> Iterator[Row]:
    """Name the center, large where it fits, then say whether this is a copy or no real sale."""
    center = printable(heading.center)
    wide = 2 * columns_of(center) <= columns
    for line in wrap(center, columns):
        yield Row(line, "center", wide=wide, tall=True, bold=not wide)
    if heading.address:
        yield from centered(heading.address, columns)
    yield from mark_rows(heading, say)


def mark_rows(heading: Heading, say: Say) -> Iterator[Row]:
    """Say that a slip is a copy, or no real sale at all."""
    if heading.copy:
        yield Row(printable(say(N_("*** COPY ***"))), "center", wide=True, tall=True)
    if heading.demo:
        yield Row(printable(say(N_("DEMO: NOT A REAL SALE"))), "center", tall=True, bold=True)


def member_rows(order: Order, heading: Heading, columns: int, say: Say) -> Iterator[Row]:
    """Name the member, masked, with the last valid day; nothing for a visitor."""
    used = order.card or order.member
    if used is not None:
        member = printable(say(N_("Member {member}"), member=heading.member))
        until = printable(say(N_("valid to {until}"), until=used.until))
        yield from plain(spread(member, until, columns))


def qr_code(text: str, paper: Paper) -> QrCode:
    """Make a QR code at most three quarters as wide as the paper."""
    side = len(qr_matrix(text)) + _QUIET_MODULES
    return QrCode(text, max(2, min(MOST_MODULE_DOTS, paper.dots * 3 // 4 // side)))


def plain(lines: Iterable[str]) -> Iterator[Row]:
    """Make plain rows of lines."""
    return (Row(line) for line in lines)


def centered(text: str, columns: int) -> Iterator[Row]:
    """Make centered rows of a text, broken where it must."""
    return (Row(line, "center") for line in wrap(printable(text), columns))
