"""A stick between a till and its hub: the commands that write and read it, as they are typed."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from sync.faces.export_command import export_command
from sync.faces.import_command import import_command
from sync.rules.entry import Draft
from sync.services.till import OpenTill
from sync.setup import Setup
from sync.stores import journal as journals

from .tills import (
    HubMachine,
)


def run(setup: Setup, command: Any, *arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(command, [str(each) for each in arguments], obj=setup)
    assert result.exit_code == status, result.output
    return result


def export(setup: Setup, stick: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        run(setup, export_command, stick, "--json", *arguments).stdout
    )
    return found


def at(hub: HubMachine) -> list[str]:
    return ["--database", hub.database.url]


def take_in(hub: HubMachine, stick: Path, *, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        run(hub.setup, import_command, stick, "--json", *at(hub), status=status).stdout
    )
    return found


def hear(setup: Setup, stick: Path, *, status: int = 0) -> dict[str, Any]:
    done = run(setup, import_command, stick, "--replies", "--json", status=status)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def segments(stick: Path) -> list[Path]:
    return sorted(stick.glob("*.segment"))


def sell_many(till: OpenTill, count: int) -> list[str]:
    day = till.today().isoformat()
    ids = [till.new_id() for _ in range(count)]
    with till.journal.transaction() as db:
        for each in ids:
            journals.append(db, till.run, till.stamp(), Draft("sign_in", each, day, 0, b"{}"))
    return ids


def wall_ahead(hub: HubMachine) -> None:
    hub.setup.clock.pass_ms(1000)  # type: ignore[attr-defined]


def altered(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
