"""The front door: one command, four groups named after the four packages, loaded when called."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import NoReturn

import click
import msgspec
from msgspec import structs

import kiosk.declared
import membership.declared
import pos.declared
import sync.declared
from sync import config
from sync.clock import SystemClock
from sync.disk_faults import disk_faults
from sync.faces.lazy import LazyGroup, spoken
from sync.language import LANGUAGES, Language, one_line, speak_everywhere
from sync.package import Package
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.till_name import bad_till_name
from sync.setup import (
    CenterSettings,
    Setup,
    TillSettings,
    UiSettings,
    data_root,
    demonstrated,
    no_such_center,
)

__version__ = "0.1.0"

PACKAGES: tuple[Package, ...] = (
    sync.declared.PACKAGE,
    membership.declared.PACKAGE,
    pos.declared.PACKAGE,
    kiosk.declared.PACKAGE,
)

USAGE = N_("{place}: {problem} See {place} --help.")
NEAREST = N_("{problem} (nearest: {nearest}).")
IN_FRONT = N_("{option} belongs in front, as in `{example}`.")

GROUPS = {
    "pos": "pos.faces.commands:group",
    "membership": "membership.faces.commands:group",
    "kiosk": "kiosk.faces.commands:group",
    "sync": "sync.faces.commands:group",
}


@click.group(
    cls=LazyGroup, commands_at=GROUPS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="Use this file.")
@click.option("--till", help="Work as this till, for this call.")
@click.option("--center", help="Work in this center, for this call.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Speak this language.")
@click.option("--demo", is_flag=True, help="Work with the demo's own till, hub and data.")
@click.version_option(__version__, prog_name="xuanpin", message="%(prog)s %(version)s")
@click.pass_context
def front_door(
    ctx: click.Context,
    config_path: Path | None,
    till: str | None,
    center: str | None,
    language: str | None,
    demo: bool,
) -> None:
    """Xuanpin: the offline-first point of sale of product selection centers."""
    setup = make_setup(config_path, till=till, center=center, language=language)
    ctx.obj = demonstrated(setup) if demo else setup


def make_setup(
    config_path: Path | None = None,
    *,
    till: str | None = None,
    center: str | None = None,
    language: str | None = None,
) -> Setup:
    """Read the configuration in force and put the program together; raises `Fault`."""
    path = config.find(config_path)
    settings = config.read(path, [section for p in PACKAGES for section in p.sections])
    if isinstance(settings, Refused):
        raise Fault(settings)
    own = settings.get(TillSettings)
    own = structs.replace(
        own,
        id=own.id if till is None else till,
        center=own.center if center is None else center,
    )
    centers = settings.named(CenterSettings)
    bad_name = bad_till_name(till) if till is not None else None
    if bad_name is not None:
        raise Fault(bad_name)
    if center is not None and center not in centers:
        raise Fault(no_such_center("--center", center, list(centers)))
    settings = settings.having(own)
    name = language or settings.get(UiSettings).language
    say = Language(name, [package.name for package in PACKAGES])
    return Setup(settings, PACKAGES, say, SystemClock(), data_root(settings))


def main() -> None:
    """Run the command line; whatever is wrong is one line on stderr and exit status 2."""
    say = Language(_language_asked(sys.argv[1:]), [package.name for package in PACKAGES])
    speak_everywhere(say.name)
    undecodable = _undecodable(sys.argv[1:])
    if undecodable is not None:
        _stop(say.refusal(undecodable), undecodable.reason)
    door = spoken(front_door, say)
    try:
        with disk_faults(Path("journal.db | reference.db")):
            status = door.main(prog_name="xuanpin", obj=say, standalone_mode=False)
    except Fault as fault:
        _stop(say.refusal(fault.refused), fault.refused.reason)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else "xuanpin"
        _stop(say(USAGE, place=place, problem=_mistyped(error, say)), "usage")
    except click.ClickException as error:
        _stop(error.format_message(), "usage")
    except click.Abort:
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _language_asked(arguments: list[str]) -> str:
    """Find the language before the settings can be read: asked for, configured, or Chinese."""
    for given, value in itertools.pairwise([*arguments, ""]):
        name = value if given == "--language" else given.removeprefix("--language=")
        if name in LANGUAGES and name != given:
            return name
    try:
        settings = config.read(config.find(None), sync.declared.PACKAGE.sections, strict=False)
    except Fault:
        return "zh"
    return "zh" if isinstance(settings, Refused) else settings.get(UiSettings).language


def _mistyped(error: click.UsageError, say: Language) -> str:
    """Say a mistake in what was typed as one sentence, with what it comes nearest to."""
    if isinstance(error, click.NoSuchOption) and error.option_name in _own_options():
        option, place = error.option_name, error.ctx.command_path if error.ctx else ""
        behind = place.removeprefix("xuanpin").strip()
        return say(IN_FRONT, option=option, example=f"xuanpin {option} … {behind}")
    if isinstance(error, click.NoSuchOption | click.NoSuchCommand) and error.possibilities:
        nearest = say(", ").join(error.possibilities)
        return say(NEAREST, problem=error.message.rstrip(".。"), nearest=nearest)
    return say.ended(error.format_message())


def _own_options() -> set[str]:
    return {name for option in front_door.params for name in option.opts}


def _undecodable(arguments: list[str]) -> Refused | None:
    """Refuse an argument that no file, journal or screen could hold: bytes that are no text."""
    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            shown = os.fsencode(argument).decode("utf-8", "backslashreplace")
            return Refused(
                "usage",
                N_("The argument “{argument}” is not valid UTF-8."),
                N_("Set the terminal to UTF-8 and type it again."),
                {"argument": shown},
            )
    return None


def _stop(line: str, reason: str) -> NoReturn:
    line = one_line(line)
    if "--json" in sys.argv:
        click.echo(msgspec.json.encode({"refused": reason, "message": line}).decode())
    click.echo(line, err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
