"""A hub as if on another machine: it takes a hub's time to answer, and none of this machine's.

Run with a hub's key directory; it signs what the hub would say to segments that all are in order.
"""

import hashlib
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from sync.keys import HubKeys, load_or_create_hub_keys
from sync.rules.reply import Mark, Reply, make_reply
from sync.rules.segment import Segment, unpack

ANSWER_S = 0.04
MOST_BYTES = 2**20


class Answering(BaseHTTPRequestHandler):
    """Takes every segment, and knows nothing else."""

    protocol_version = "HTTP/1.1"
    keys: HubKeys

    def do_POST(self) -> None:
        """Say that everything sent was stored."""
        data = self.rfile.read(min(int(self.headers["content-length"]), MOST_BYTES))
        segment = unpack(data)
        if isinstance(segment, Segment):
            time.sleep(ANSWER_S)
            self._answer(200, self._reply(segment, data))
        else:
            self._answer(404, b"")

    def do_GET(self) -> None:
        """Have nothing to give."""
        self._answer(404, b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Keep quiet."""

    def _reply(self, segment: Segment, data: bytes) -> bytes:
        head = segment.head
        mark = Mark(head.run, head.last_seq, head.last_hash)
        digest = hashlib.sha256(data).digest()
        reply = Reply(digest, self.keys.hub_id, head.till, (mark,), time.time_ns() // 1_000_000)
        return make_reply(reply, self.keys.sign)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    Answering.keys = load_or_create_hub_keys(Path(sys.argv[1]))
    with HTTPServer(("127.0.0.1", int(sys.argv[2])), Answering) as server:
        print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
        server.serve_forever()
