"""Reading the keyboard: what was read at once had been waiting, and what still waits is known."""

import asyncio
import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from queue import Queue

import pytest
from textual import events
from textual.message import Message

from pos.faces.counter.keyboard import KeyboardDriver

PATIENCE_S = 10


class Keyboard(KeyboardDriver):
    """The driver without an app: it reads a pseudo-terminal and hands over what it would post."""

    def __init__(self, fileno: int, loop: asyncio.AbstractEventLoop) -> None:
        self.fileno = fileno
        self._debug = False
        self._loop = loop
        self.exit_event = threading.Event()
        self.posted: Queue[Message] = Queue()

    def process_message(self, message: Message) -> None:
        self.posted.put(message)

    def waits(self, count: int) -> list[float]:
        """Return for how long the next keys had been waiting at most."""
        messages = [self.posted.get(timeout=PATIENCE_S) for _ in range(count)]
        assert all(isinstance(message, events.Key) for message in messages)
        assert len({message.time for message in messages}) == 1
        return [vars(message)["waited_s"] for message in messages]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def line() -> Iterator[tuple[int, int]]:
    """A pseudo-terminal: what is written to the first end is typed at the second."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, slave
    os.close(master)
    os.close(slave)


def test_keys_read_together_had_been_waiting(
    line: tuple[int, int], loop: asyncio.AbstractEventLoop
) -> None:
    typed, read = line
    keyboard = Keyboard(read, loop)
    os.write(typed, b"952\r")
    select.select([read], [], [], PATIENCE_S)  # the kernel carries it across in its own time
    assert keyboard.has_more()
    reader = threading.Thread(target=keyboard.run_input_thread)
    reader.start()
    try:
        together = keyboard.waits(4)
        assert len(set(together)) == 1
        assert together[0] > 0
        os.write(typed, b"9")
        assert keyboard.waits(1) == [0.0]
    finally:
        keyboard.exit_event.set()
        reader.join()
    settled = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop)
    settled.result(PATIENCE_S)
    assert not keyboard.has_more()
