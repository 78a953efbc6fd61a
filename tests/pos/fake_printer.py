"""A network printer that can be off, silent, out of paper, or die in the middle of a document."""

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field

READY, PAPER_OUT, COVER_OPEN = (0x12, 0x12, 0x12), (0x1A, 0x32, 0x72), (0x1A, 0x16, 0x12)


@dataclass
class FakePrinter:
    """Listens on a free port; `printed` holds the documents that came through whole.

    `status` None is a printer that never answers. `die_after` cuts the next connection after so
    many bytes of its document; one that `hangs_up` closes every connection at once.
    """

    status: tuple[int, int, int] | None = READY
    die_after: int | None = None
    hangs_up: bool = False
    printed: list[bytes] = field(default_factory=list)
    received: bytes = b""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._done = threading.Condition()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)

    def wait_for(self, count: int) -> None:
        """Wait until so many documents came through."""
        with self._done:
            assert self._done.wait_for(lambda: len(self.printed) >= count, timeout=30)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                if not self.hangs_up:
                    self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        document = b""
        with contextlib.suppress(ConnectionError):
            while data := client.recv(4096):
                for question in (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04"):
                    if question in data:
                        data = data.replace(question, b"")
                        self._answer(client, question)
                document += data
                self.received += data
                if self.die_after is not None and len(document) >= self.die_after:
                    self.die_after = None
                    reset = struct.pack("ii", 1, 0)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                    return
        if document:
            with self._done:
                self.printed.append(document)
                self._done.notify_all()

    def _answer(self, client: socket.socket, question: bytes) -> None:
        if self.status is not None:
            client.sendall(bytes([self.status[(1, 2, 4).index(question[2])]]))
