"""Processes that kill themselves with SIGKILL in the middle of what they do."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from sync.services.till import OpenTill
from sync.setup import Setup

from .stocked_till import opened


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def killed(setup: Setup, act: Callable[[OpenTill], None]) -> None:
    """Do something at a till in a process of its own, which must end by SIGKILL."""

    def run() -> None:
        with opened(setup) as till:
            act(till)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, process.exitcode


def die_at(till: OpenTill, statement: str, *, after: bool = False) -> None:
    """Arrange for this process to die before (or after) the first statement that has this in it."""
    connect: Any = till.journal._connect
    database: Any = till.journal

    def connected(**options: bool) -> Any:
        opened: Any = connect(**options)
        opened.conn = _DeadlyConnection(opened.conn, statement, after)
        return opened

    database._connect = connected
    till.journal.reopen()


class _DeadlyConnection:
    """A connection on which one statement is the last."""

    def __init__(self, connection: Any, statement: str, after: bool) -> None:
        self.connection = connection
        self.statement = statement
        self.after = after

    def execute(self, sql: str, *parameters: Any) -> Any:
        if self.statement not in sql:
            return self.connection.execute(sql, *parameters)
        if self.after:
            self.connection.execute(sql, *parameters)
        die()

    def executemany(self, sql: str, *parameters: Any) -> Any:
        if self.statement in sql:
            die()
        return self.connection.executemany(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)
