"""`xuanpin membership`: look at members and cards."""

import click

from sync.faces.lazy import LazyGroup

COMMANDS = {
    "show": "membership.faces.member_commands:show_command",
    "verify": "membership.faces.member_commands:verify_command",
}


@click.group(
    "membership",
    cls=LazyGroup,
    commands_at=COMMANDS,
    help="The PLUS plan: show and verify members and cards.",
)
def group() -> None:
    """Hold the commands of the membership desk."""
