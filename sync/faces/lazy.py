"""A command group that imports each command only when called, and speaks the user's language."""

import copy
import importlib
from collections.abc import Mapping

import click

from sync.language import Language
from sync.rules.refusal import N_
from sync.setup import Setup


class LazyGroup(click.Group):
    """A group whose `commands_at` maps a command's name to `module:attribute`."""

    def __init__(self, *, commands_at: Mapping[str, str], **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order they were declared."""
        del ctx
        return list(self.commands_at)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed; the refusal knows what it comes nearest to."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(
                error.command_name, possibilities=self.commands_at, ctx=ctx
            ) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; its help is in the language that the context speaks."""
        if cmd_name not in self.commands_at:
            return None
        module, _, attribute = self.commands_at[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        say = spoken_language(ctx)
        return spoken(command, say) if say else command


def spoken_language(ctx: click.Context) -> Language | None:
    """Return the language of a context: before the settings are read, the object is one."""
    if isinstance(ctx.obj, Setup):
        return ctx.obj.say
    return ctx.obj if isinstance(ctx.obj, Language) else None


def spoken(command: click.Command, say: Language) -> click.Command:
    """Return a copy of a command whose help texts and placeholders are translated."""
    translated = copy.copy(command)
    if command.help:
        text = " ".join(command.help.split())
        translated.help = say(text)
    if command.options_metavar:
        translated.options_metavar = say(command.options_metavar)
    if isinstance(translated, click.Group):
        translated.subcommand_metavar = say(translated.subcommand_metavar)
    translated.params = [_spoken_parameter(parameter, say) for parameter in command.params]
    return translated


def _spoken_parameter(parameter: click.Parameter, say: Language) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    translated = copy.copy(parameter)
    translated.help = say(parameter.help)
    return translated


# What the library writes in a usage line for options and commands.
PLACEHOLDERS = (N_("[OPTIONS]"), N_("COMMAND [ARGS]..."), N_("[COMMAND] [ARGS]..."))
