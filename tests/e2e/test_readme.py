"""What the README tells a reader to type works as it stands there."""

import re
import shlex
from collections.abc import Callable

import pytest

from .conftest import ROOT, Place, RunningHub

pytestmark = pytest.mark.slow


def typed(beginning: str) -> list[str]:
    """Return the arguments of the README's one command that begins so."""
    text = (ROOT / "README.md").read_text("utf-8")
    lines = re.findall(r"^\.venv/bin/xuanpin (.*?)(?:\s+#.*)?$", text, re.MULTILINE)
    (line,) = [line for line in lines if line.startswith(beginning)]
    return shlex.split(line)


def test_a_real_till_as_the_readme_sets_it_up(place: Callable[..., Place], hub: RunningHub) -> None:
    till = place("till")
    assert typed("sync invite") == ["sync", "invite", till.till]
    enrol = typed("sync enrol")
    assert enrol[:4] == ["sync", "enrol", "CODE", "--hub"]
    till.run("sync", "enrol", hub.invite(till.till), "--hub", hub.url)
    till.run("pos", "import", "--demo")
    *sell, as_json = typed("pos sell")
    assert as_json == "--json"
    sale = till.ask(*sell)
    assert sale["member"] is not None
    assert sale["paid_fen"] == 2690 + 3 * 1790 + 9900
    till.run("sync", "push")
    assert till.ask("sync", "status")["pending"] == 0
