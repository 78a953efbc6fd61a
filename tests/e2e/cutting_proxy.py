"""A TCP proxy that cuts connections where it is told to: in a request, or before the reply."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class CuttingProxy:
    """Forwards to 127.0.0.1:`target`; `faults` says what happens to the next connections.

    A fault is `lose_reply` (the request arrives whole, its answer never comes back) or a number
    of request bytes after which both sides are cut. With no fault left it forwards everything.
    """

    target: int
    faults: list[str | int] = field(default_factory=list)
    cut: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            fault = self.faults.pop(0) if self.faults else None
            # A hub that is down refuses: then the till's connection is closed, the next one served.
            with (
                client,
                contextlib.suppress(ConnectionError),
                socket.create_connection(("127.0.0.1", self.target)) as server,
            ):
                self._serve(client, server, fault)

    def _serve(self, client: socket.socket, server: socket.socket, fault: str | int | None) -> None:
        if isinstance(fault, int):
            self.cut += 1
            left = fault
            while left > 0 and (data := client.recv(min(left, 65536))):
                server.sendall(data)
                left -= len(data)
            return
        back = threading.Thread(target=self._back, args=(server, client, fault == "lose_reply"))
        back.start()
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)
        back.join(timeout=30)

    def _back(self, server: socket.socket, client: socket.socket, lose: bool) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if lose:
                    self.cut += 1
                    break
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
