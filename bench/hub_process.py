"""A hub in a process of its own, as a till of a place finds it: over loopback, with one code."""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.place import Place


@dataclass(frozen=True, slots=True)
class RunningHub:
    """Where it listens, its process, and the options that name its database."""

    url: str
    process: subprocess.Popen[bytes]
    on: Sequence[str]


@contextlib.contextmanager
def running_hub(place: Place, till: str, database: str = "") -> Iterator[RunningHub]:
    """Run a place's hub on its SQLite or on another database, and enrol a till at it."""
    on = ("--database", database) if database else ()
    command = place.command(till, "sync", "hub", "--port", "0", "--json", *on)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=place.directory)
    try:
        assert process.stdout is not None
        hub = RunningHub(str(json.loads(process.stdout.readline())["url"]), process, on)
        enrol(place, till, hub)
        yield hub
    finally:
        process.terminate()
        process.communicate()


def enrol(place: Place, till: str, hub: RunningHub) -> None:
    """Invite a till of this place at a running hub, and enrol it."""
    code = str(ask(place, till, "sync", "invite", till, *hub.on)["code"])
    ask(place, till, "sync", "enrol", code, "--hub", hub.url)


def ask(place: Place, till: str, *arguments: str) -> dict[str, object]:
    """Run a command at a till; return the JSON object that it answers."""
    answer = json.loads(subprocess.check_output(place.command(till, *arguments, "--json")))
    assert isinstance(answer, dict)
    return answer
