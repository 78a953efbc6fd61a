"""Reading the keyboard so that a scan stays whole when this machine is busy.

A key's time is when it was read. When several were read at once, or the reader was late, they
had been waiting: `waited_s` of their events says for how long at most.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import selectors
import struct
import termios
from codecs import getincrementaldecoder
from collections.abc import Iterable

from textual import events
from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

_MOST_BYTES = 4096
_LOOK_UP_S = 0.1  # how soon the reader notices that the program ends


class KeyboardDriver(LinuxDriver):
    """Textual's driver with a reader that knows since when keys may have been waiting."""

    _begun = 0  # reads, by the thread that reads
    _ended = 0  # those whose keys the app has in its queue, by the app's loop

    def run_input_thread(self) -> None:
        """Read until the program ends, in the thread that Textual made for it."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                since_s = get_time()  # nothing was waiting, or the wait is over at once
                if not selector.select(_LOOK_UP_S):
                    self._post(parser.tick(), 0.0)
                    continue
                self._begun += 1
                data = os.read(self.fileno, _MOST_BYTES)
                text = decode(data)
                if text:
                    # A single key is believed to have just been pressed.
                    waited_s = get_time() - since_s if len(text) > 1 else 0.0
                    self._post(parser.feed(text), waited_s)
                self._post(parser.tick(), 0.0)
                asyncio.run_coroutine_threadsafe(self._end_read(), self._loop)
                if not data:
                    self.exit_event.wait(_LOOK_UP_S)  # the keyboard is gone

    def _post(self, messages: Iterable[Message], waited_s: float) -> None:
        read_s = get_time()
        for message in messages:
            message.time = read_s
            if isinstance(message, events.Key):
                vars(message)["waited_s"] = waited_s
            self.process_message(message)

    async def _end_read(self) -> None:
        """Run behind what has posted the keys, as it was sent to the loop behind them."""
        self._ended += 1

    def has_more(self) -> bool:
        """Tell whether keys wait to be read, or are on their way to the app."""
        waiting = fcntl.ioctl(self.fileno, termios.FIONREAD, struct.pack("i", 0))
        return self._begun != self._ended or struct.unpack("i", waiting)[0] > 0
