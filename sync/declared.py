"""What the ground floor declares: its settings; its journal kinds and migrations."""

from sync.package import Kind, Package
from sync.setup import SECTIONS

KINDS = (
    Kind("run_opened", "A selling process started; the body names the parent entry."),
    Kind("sign_in", "A cashier began to work at the till."),
    Kind("clock_jump", "The wall clock moved against the monotonic clock."),
)

PACKAGE = Package(name="sync", sections=SECTIONS, kinds=KINDS)
