"""Closing the counter waits for no hub, and what its threads had to say is in a file."""

import contextlib
import logging
import threading
from pathlib import Path

import pytest

from pos.faces.counter import hub_threads
from sync.access import Access, AccessEnded
from sync.faces.screen.log import log_file
from sync.services import courier, pulling

from .stocked_till import make_test_setup, opened


@pytest.mark.parametrize("name", ["courier", "puller"])
def test_closing_does_not_wait_for_a_hub_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked, answered = threading.Event(), threading.Event()

    class Ended:
        """What has nothing to do."""

        def __init__(self, *_given: object, **_named: object) -> None: ...

        def run_forever(self, *_given: object) -> None: ...

    class Waiting:
        """A thread's work whose request is never answered in time."""

        def __init__(self, *given: object, **_named: object) -> None:
            (self.access,) = (each for each in given if isinstance(each, Access))

        def run_forever(self, *_given: object) -> None:
            with contextlib.suppress(AccessEnded), self.access.use(), self.access.away():
                asked.set()
                answered.wait(30)

    monkeypatch.setattr(courier, "hub_client", lambda _till: contextlib.nullcontext())
    monkeypatch.setattr(courier, "Courier", Waiting if name == "courier" else Ended)
    monkeypatch.setattr(pulling, "Puller", Waiting if name == "puller" else Ended)
    monkeypatch.setattr(hub_threads, "SCREEN_FIRST_S", 0)
    monkeypatch.setattr(hub_threads, "FAREWELL_S", 0)
    with opened(make_test_setup(tmp_path)) as till:
        with hub_threads.hub_threads(till):
            assert asked.wait(10)
            (thread,) = (each for each in threading.enumerate() if each.name == name)
        assert thread.is_alive()
    answered.set()
    thread.join(10)
    assert not thread.is_alive()


def test_what_a_thread_logs_is_kept_beside_the_till(tmp_path: Path) -> None:
    path = tmp_path / "counter.log"
    with log_file(path):
        assert not path.exists()
        logging.getLogger("xuanpin.printing").error("print job %d failed", 7)
    logging.getLogger("xuanpin.printing").error("after closing")
    assert path.read_text("utf-8").endswith("xuanpin.printing ERROR print job 7 failed\n")
