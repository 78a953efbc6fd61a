"""Opening the end of day on a terminal."""

import os
import sys

from sync.faces.answers import accepted, refuse
from sync.faces.eod import work
from sync.faces.eod.tasks import LOG
from sync.faces.screen.ending import run_screen
from sync.faces.screen.log import log_file
from sync.rules.refusal import N_, Refused
from sync.setup import Setup

# Read when textual is imported: Esc is not waited for long, and a frame not for the next 60th.
TERMINAL = {"ESCDELAY": "25", "TEXTUAL_FPS": "240"}


def open_evening(setup: Setup) -> None:
    """Open the end of day of this till; refused where there is none, or no terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        refuse(
            setup,
            Refused(
                "eod.no_terminal",
                N_("The end of day is a screen and needs a terminal."),
                N_("Without one, use `xuanpin sync eod`; `xuanpin sync --help` lists the rest."),
            ),
        )
    accepted(setup, work.look(setup))
    for name, value in TERMINAL.items():
        os.environ.setdefault(name, value)
    from sync.faces.eod.app import EveningApp

    with log_file(setup.till_directory / LOG):
        run_screen(EveningApp(setup))
