"""A command group that imports each command only when it is called."""

import importlib
from collections.abc import Mapping

import click


class LazyGroup(click.Group):
    """A group whose `commands_at` maps a command's name to `module:attribute`."""

    def __init__(self, *, commands_at: Mapping[str, str], **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order they were declared."""
        del ctx
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in self.commands_at:
            return None
        module, _, attribute = self.commands_at[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command
