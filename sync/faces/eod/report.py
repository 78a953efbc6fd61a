"""Writing a day's report: what was recorded is gathered here, a package above makes the page."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from sync.faces.eod import work
from sync.faces.eod.words import kind_names
from sync.language import Language
from sync.rules.day_report import DayAbout, Recorded
from sync.rules.files import unwritable
from sync.rules.refusal import N_, Refused
from sync.services.end_of_day import Evening
from sync.setup import Setup

Make = Callable[[DayAbout, Sequence[Recorded], Mapping[str, str], Language], str]


class Report(msgspec.Struct, frozen=True):
    """A report that was written, and whether all tills of the center are in it."""

    path: Path
    whole_center: bool


def write_report(
    setup: Setup, evening: Evening, say: Language, output: Path | None, *, own: bool = False
) -> Report | Refused:
    """Write the report of an evening to `output`, else beside the data.

    It is of the whole center if the hub tells what every till recorded, else (or with `own`) of
    this till alone. Refused if no package makes reports, or if the file cannot be written.
    """
    maker = next((package.day_report for package in setup.packages if package.day_report), "")
    if not maker:
        return Refused("report.none", N_("No package here makes a day's report."))
    center = setup.center()
    if isinstance(center, Refused):
        return center
    gathered = work.recorded(setup, evening.day, own=own)
    if isinstance(gathered, Refused):
        return gathered
    about = DayAbout(
        day=evening.day,
        center_zh=center.name_zh,
        center_en=center.name_en,
        till=next((each.name for each in evening.tills if each.own), setup.till.id),
        whole_center=gathered.whole_center,
        tills=evening.tills,
        agreed=evening.agreed,
        as_heard=bool(evening.as_heard),
        made_ms=setup.clock.now_ms(),
    )
    module, _, name = maker.partition(":")
    make: Make = getattr(importlib.import_module(module), name)
    page = make(about, gathered.things, kind_names(setup.packages, say), say)
    if output is None:
        output = setup.root / "reports" / f"{evening.day}-{setup.till.id}.html"
        with suppress(OSError):  # whatever is in the way is met and told when writing
            output.parent.mkdir(parents=True, exist_ok=True)
    refused = _write(output, page)
    return refused or Report(output, gathered.whole_center)


def _write(path: Path, page: str) -> Refused | None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(page, "utf-8")
        fresh.replace(path)
    except OSError as error:
        return unwritable("report.file", path, error)
    return None
