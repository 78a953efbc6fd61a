"""Closing the counter waits for no hub, and what its threads had to say is in a file."""

import contextlib
import logging
import threading
from pathlib import Path

import pytest

from pos.faces.counter import command
from sync.access import Access, AccessEnded
from sync.services import courier
from sync.services.till import OpenTill

from .stocked_till import make_test_setup, opened


def test_closing_does_not_wait_for_a_hub_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()

    class Waiting:
        """A courier whose request is never answered in time."""

        def __init__(self, _till: OpenTill, _client: object, access: Access) -> None:
            self.access = access

        def run_forever(self) -> None:
            with contextlib.suppress(AccessEnded), self.access.use(), self.access.away():
                asked.set()
                answered.wait(30)

    monkeypatch.setattr(courier, "hub_client", lambda _till: contextlib.nullcontext())
    monkeypatch.setattr(courier, "Courier", Waiting)
    monkeypatch.setattr(command, "SCREEN_FIRST_S", 0)
    monkeypatch.setattr(command, "FAREWELL_S", 0)
    with opened(make_test_setup(tmp_path)) as till:
        with command._courier(till):
            assert asked.wait(10)
            (thread,) = (each for each in threading.enumerate() if each.name == "courier")
        assert thread.is_alive()
    answered.set()
    thread.join(10)
    assert not thread.is_alive()


def test_what_a_thread_logs_is_kept_beside_the_till(tmp_path: Path) -> None:
    path = tmp_path / "counter.log"
    with command._log_file(tmp_path):
        assert not path.exists()
        logging.getLogger("xuanpin.printing").error("print job %d failed", 7)
    logging.getLogger("xuanpin.printing").error("after closing")
    assert path.read_text("utf-8").endswith("xuanpin.printing ERROR print job 7 failed\n")
