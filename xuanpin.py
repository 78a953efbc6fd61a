"""The front door: one command, four groups named after the four packages, loaded when called."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

import kiosk.declared
import membership.declared
import pos.declared
import sync.declared
from sync import config
from sync.clock import SystemClock
from sync.faces.lazy import LazyGroup
from sync.language import LANGUAGES, Language
from sync.package import Package
from sync.rules.refusal import Fault, Refused
from sync.setup import Setup, TillSettings, UiSettings, data_root

__version__ = "0.1.0"

PACKAGES: tuple[Package, ...] = (
    sync.declared.PACKAGE,
    membership.declared.PACKAGE,
    pos.declared.PACKAGE,
    kiosk.declared.PACKAGE,
)

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
@click.version_option(__version__, prog_name="xuanpin")
@click.pass_context
def front_door(
    ctx: click.Context,
    config_path: Path | None,
    till: str | None,
    center: str | None,
    language: str | None,
) -> None:
    """Xuanpin: the offline-first point of sale of product selection centers."""
    ctx.obj = make_setup(config_path, till=till, center=center, language=language)


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
    own = msgspec.structs.replace(own, id=till or own.id, center=center or own.center)
    settings = settings.having(own)
    name = language or settings.get(UiSettings).language
    say = Language(name, [package.name for package in PACKAGES])
    return Setup(settings, PACKAGES, say, SystemClock(), data_root(settings))


def main() -> None:
    """Run the command line; a fault is one line on stderr and exit status 2."""
    try:
        front_door()
    except Fault as fault:
        spoken = Language("zh", [package.name for package in PACKAGES]).refusal(fault.refused)
        click.echo(spoken, err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
