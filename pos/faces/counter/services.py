"""What the counter is given to work with: services, and how to ask how things stand."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import msgspec

from pos.faces.counter.panels import Standing
from pos.rules.key_settings import CounterSettings, KeySettings
from pos.rules.order import Order
from pos.services.checkout import Checkout
from pos.services.register import Register
from sync.rules.refusal import Refused
from sync.setup import Setup


class Services(msgspec.Struct, frozen=True):
    """One till's services; `sold` and `reprint` never wait for the printer.

    `faults` turns what a failing disk or a damaged file makes SQLite raise into a `Fault`.
    `standing` may be asked from another thread, and is None while it cannot be read; `preview`
    is the receipt as lines of text.
    """

    setup: Setup
    register: Register
    checkout: Checkout
    standing: Callable[[], Standing | None]
    sold: Callable[[], None]
    preview: Callable[[Order], Sequence[str]]
    reprint: Callable[[Order], Refused | None]
    last_order: Callable[[], Order | None]
    faults: Callable[[], AbstractContextManager[None]]

    @property
    def keys(self) -> KeySettings:
        """The [keys] section."""
        return self.setup.settings.get(KeySettings)

    @property
    def counter(self) -> CounterSettings:
        """The [counter] section."""
        return self.setup.settings.get(CounterSettings)
