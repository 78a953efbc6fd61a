"""A file for what is logged behind a screen, where nobody sees stderr."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def log_file(path: Path) -> Iterator[None]:
    """Keep in a file what this process logs meanwhile; it is made with the first line."""
    log = logging.getLogger("xuanpin")
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()
