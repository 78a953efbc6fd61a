"""A stick that people carry between tills and the hub: exported, taken in, the replies heard."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from sync.rules.refusal import Refused
from sync.rules.stick import REPLY, SEGMENT
from sync.services.exporting import export_journal
from sync.stick_files import Stick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .tills import TillMachine
    from .world import World


def export(world: World, machine: TillMachine, draws: Sequence[int]) -> str:
    """Write onto the stick what the hub has not acknowledged, or the whole journal."""
    assert machine.process is not None
    everything = draws[0] % 3 == 0
    done = export_journal(
        machine.process.till, world.stick, everything=everything, progress=lambda _done, _most: None
    )
    return done.reason if isinstance(done, Refused) else f"{done.entries} entries exported"


def take_in(world: World, machine: TillMachine, draws: Sequence[int]) -> str:
    """Let the hub take in what is on the stick; if that is nothing, the till exports first."""
    if not _names(world.stick, SEGMENT):
        export(world, machine, draws)
    _maybe_damage(world.stick, SEGMENT, draws[1])
    return world.hub.take_in(world.stick, _names(world.stick, SEGMENT))


def hear(world: World, machine: TillMachine, draws: Sequence[int]) -> str:
    """Close the counter, follow the replies on the stick, and open the counter again."""
    _maybe_damage(world.stick, REPLY, draws[1])
    machine.stop()
    heard = machine.hear(world.stick, _names(world.stick, REPLY))
    refused = machine.start()
    if draws[0] % 2:
        shutil.rmtree(world.stick.directory, ignore_errors=True)
    said = heard.reason if isinstance(heard, Refused) else f"{heard.replies} replies heard"
    return said if refused is None else refused.reason


def _names(stick: Stick, ending: str) -> list[str]:
    if not stick.directory.is_dir():
        return []
    names = stick.names(ending)
    assert not isinstance(names, Refused), names
    return names


def _maybe_damage(stick: Stick, ending: str, draw: int) -> None:
    """Change one bit of one file, now and then."""
    names = _names(stick, ending)
    if names and draw % 4 == 0:
        path = stick.directory / names[(draw >> 2) % len(names)]
        data = bytearray(path.read_bytes())
        data[(draw >> 5) % len(data)] ^= 1 << (draw & 7)
        path.write_bytes(data)
