"""What the ground floor declares: its settings; its journal kinds and migrations."""

from sync.package import Kind, Package
from sync.rules.runs import CLOCK_JUMP, RUN_OPENED, SIGN_IN
from sync.setup import SECTIONS
from sync.stores.journal_tables import MIGRATIONS

KINDS = (
    Kind(RUN_OPENED, "A selling process started; the body names the parent entry."),
    Kind(SIGN_IN, "A cashier began to work at the till."),
    Kind(CLOCK_JUMP, "The wall clock moved by more than 24 hours on its own."),
)

PACKAGE = Package(name="sync", sections=SECTIONS, kinds=KINDS, journal_migrations=(MIGRATIONS,))
