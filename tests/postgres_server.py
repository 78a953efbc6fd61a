"""A PostgreSQL server of the tests' own: made in a temporary directory, gone with the tests.

It needs the server's programs only (Debian: the package `postgresql`), no service and no
configuration. XUANPIN_TEST_POSTGRES=postgresql+psycopg://... names a server that is there already,
and a role that may create databases.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

GIVEN = "XUANPIN_TEST_POSTGRES"
INITDB = (
    *("--no-sync", "--no-instructions", "--username", "postgres", "--auth", "trust"),
    *("--encoding", "UTF8", "--no-locale"),
)
# Told to end, or left behind by tests that were killed, the server ends with its input.
_SERVE = """
"$0" -D "$1" -k "$1" -c listen_addresses= -c fsync="$2" -c max_connections=60 \
    -c shared_buffers=64MB -c jit=off >"$1/log" 2>&1 </dev/null &
cat >/dev/null
kill -INT $!
wait $!
"""


@dataclass
class Databases:
    """A running server, where tests make databases of their own."""

    server: URL
    made: "itertools.count[int]" = field(default_factory=itertools.count)

    def url(self, name: str) -> str:
        return self.server.set(database=name).render_as_string(hide_password=False)

    def say(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement outside any transaction."""
        engine = create_engine(self.server.set(database=database), poolclass=NullPool)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def create(self, template: str = "template0") -> str:
        """Make a database, as a copy of another to which nobody is connected; return its name."""
        name = f"xuanpin_{os.getpid()}_{next(self.made)}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        self.say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def programs() -> Path | None:
    """Return the directory of the newest server's programs on this machine."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    if initdb := shutil.which("initdb"):
        return Path(initdb).parent
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        directory = Path(said.stdout.strip())
        return directory if (directory / "initdb").exists() else None
    return None


@contextlib.contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[Databases | str]:
    """Start a server, or say why there is none; unless `durable` it syncs nothing to disk."""
    given = os.environ.get(GIVEN)
    if given:
        yield Databases(make_url(given))
        return
    found = programs()
    if found is None:
        yield f"no PostgreSQL server is installed, and {GIVEN} names none"
        return
    with (  # in a place with a short name, which a socket needs
        tempfile.TemporaryDirectory(prefix="xuanpin-pg-", dir="/tmp") as directory,
        _running(found, Path(directory), durable=durable) as server,
    ):
        yield server


@contextlib.contextmanager
def _running(found: Path, directory: Path, *, durable: bool) -> Iterator[Databases]:
    run_program(found / "initdb", *INITDB, "-D", str(directory), owning=directory)
    with serving(found, directory, durable=durable) as server:
        yield server


def run_program(program: Path, *arguments: str, owning: Path) -> None:
    """Run one of the server's programs as the user that owns, or is to own, a directory."""
    user = server_user()
    if user is not None:
        shutil.chown(owning, user)
    subprocess.run(
        [program, *arguments], check=True, capture_output=True, cwd="/", user=user, timeout=120
    )


def server_user() -> str | None:
    """Return as whom a server runs: as ourselves (None), unless we are root, which it refuses."""
    if os.geteuid() != 0:
        return None
    return "postgres" if _is_user("postgres") else "nobody"


@contextlib.contextmanager
def serving(found: Path, directory: Path, *, durable: bool = False) -> Iterator[Databases]:
    """Run a server on a directory that is made already."""
    process = subprocess.Popen(
        ["sh", "-c", _SERVE, found / "postgres", directory, "on" if durable else "off"],
        stdin=subprocess.PIPE,
        cwd="/",
        start_new_session=True,
        user=server_user(),
    )
    with process:
        try:
            _wait(process, found / "pg_isready", directory)
            url = URL.create("postgresql+psycopg", "postgres", query={"host": str(directory)})
            yield Databases(url)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)


def _is_user(name: str) -> bool:
    return name in {entry.pw_name for entry in pwd.getpwall()}


def _wait(process: subprocess.Popen[bytes], pg_isready: Path, directory: Path) -> None:
    """Wait until the server answers, a minute at most."""
    for _ in range(600):
        if not subprocess.run([pg_isready, "-q", "-h", directory], check=False).returncode:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
        if process.poll() is not None:
            break
    raise AssertionError((directory / "log").read_text())
