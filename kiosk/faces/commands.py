"""`xuanpin kiosk`: what a visitor is shown."""

import click

from sync.faces.lazy import LazyGroup

COMMANDS = {"qr": "kiosk.faces.qr_command:qr_command"}


@click.group(
    "kiosk",
    cls=LazyGroup,
    commands_at=COMMANDS,
    help="Visitors: order links and their QR codes.",
)
def group() -> None:
    """Hold the commands of the kiosk."""
