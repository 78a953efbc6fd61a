"""Importing a goods list into the catalogue: all of it in one transaction, or nothing."""

import sys
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlite_utils import Database as SqliteUtils

from pos.rules.claims import Claims
from pos.rules.headers import read_header
from pos.rules.items import is_plus_above_retail
from pos.rules.mnemonic import Initials
from pos.rules.rows import COLUMNS, REQUIRED, RowReader
from pos.rules.tables import Table
from pos.stores import catalogue
from pos.stores.catalogue_batches import Prepared, keys_of, prepare, write, write_words
from pos.stores.fed_goods import FEED
from pos.stores.goods_files import GoodsFile, UnreadableError, open_goods_file
from sync.database import Database
from sync.rules.bad_rows import MOST_PROBLEMS, BadRows, Problem, bad_rows
from sync.rules.refusal import N_, Refused
from sync.stores.feeds import is_fed

SWITCH_S = 0.0005
WORDS_AT_ONCE = 8000
MOST_WAITING = 3  # batches made and not written yet

Progress = Callable[[int, int], None]  # how much is done, of how much


class Imported(msgspec.Struct, frozen=True):
    """What an import did: rows read, and items added, changed and found as they were.

    `plus_above_retail` counts the rows whose PLUS price is above the retail price, which members
    pay then: no contradiction, but hardly what was meant.
    """

    rows: int
    added: int
    changed: int
    unchanged: int
    plus_above_retail: int


class _RejectedError(Exception):
    """Rolls the transaction back."""

    def __init__(self, answer: BadRows | Refused) -> None:
        super().__init__()
        self.answer = answer


def demo_goods() -> Path:
    """Return the list of the demo goods of all three centers."""
    return Path(__file__).parent.parent / "data" / "demo.csv"


def import_goods(
    reference: Database, path: Path, centers: Collection[str], progress: Progress | None = None
) -> Imported | BadRows | Refused:
    """Write the goods of a CSV, XLSX or JSON list into the catalogue by sku; delete none.

    A column that the list does not have leaves what an item has; an empty cell empties it.
    Every bad cell is named, and one is enough for nothing to be written. A barcode belongs to
    one sku; it moves only if its old owner stands in the same list without it. `centers` are
    the names a row may give. Refused where the hub feeds the catalogue. Raises `Fault` if the
    file cannot be read.
    """
    try:
        with open_goods_file(path, COLUMNS) as goods:
            header = read_header(goods.header, COLUMNS, REQUIRED)
            if isinstance(header, Refused):
                return header
            with reference.transaction() as db:
                if is_fed(db, FEED):
                    return _fed()
                done = _Import(reference.read(), header, centers)
                return done.run(goods, db, progress or _silent)
    except UnreadableError as error:
        return error.refused
    except _RejectedError as rejected:
        return rejected.answer


class _Import:
    """One import under way: each table of rows is read, claimed, prepared and written.

    What the catalogue held before is asked of a connection of its own, so that the next rows are
    read and prepared while a thread writes those before.
    """

    def __init__(
        self,
        before: SqliteUtils,
        header: Sequence[str],
        centers: Collection[str],
    ) -> None:
        self._before = before
        self._was_empty = catalogue.count(before) == 0
        self._following = catalogue.following(before)
        self._initials: Initials | None = None
        self._reader = RowReader(header, centers, self._mnemonic)
        self._claims = Claims()
        self._problems: list[Problem] = []
        self._rows = 0
        self._changed = 0
        self._unchanged = 0
        self._plus_above_retail = 0

    def run(self, goods: GoodsFile, db: SqliteUtils, progress: Progress) -> Imported:
        """Take all the rows; raises `_RejectedError` if anything was bad."""
        with _writing(db, self._following) as writer:
            for table in goods.tables:
                prepared = self._prepared(table)
                if len(self._problems) > MOST_PROBLEMS:
                    raise _RejectedError(bad_rows(self._problems, MOST_PROBLEMS))
                writer.write(prepared)
                progress(goods.done(), goods.size)
        self._problems += self._claims.left_open()
        if self._problems:
            raise _RejectedError(bad_rows(self._problems))
        if not self._rows:
            raise _RejectedError(_no_rows())
        progress(goods.size, goods.size)
        added = self._rows - self._changed - self._unchanged
        return Imported(self._rows, added, self._changed, self._unchanged, self._plus_above_retail)

    def _prepared(self, table: Table) -> Prepared:
        """Make rows into what is to be written; note what is wrong with them."""
        self._rows += len(table.numbers)
        skus = () if self._was_empty else self._reader.skus(table)
        known = catalogue.known(self._before, skus)
        items_before = {sku: item for sku, (_, item) in known.items()}
        rows, items, problems = self._reader.read(table, items_before)
        self._plus_above_retail += sum(
            is_plus_above_retail(item.retail_fen, item.plus_fen) for item in items
        )
        keys = keys_of(items)
        owners = {} if self._was_empty else catalogue.owners(self._before, keys)
        self._problems += problems + self._claims.take(rows, items, keys, owners)
        prepared = prepare([] if self._problems else items, keys, known, self._following)
        self._following += prepared.written.added
        self._changed += prepared.written.changed
        self._unchanged += prepared.written.unchanged
        return prepared

    def _mnemonic(self, name: str) -> str:
        if self._initials is None:
            self._initials = Initials()
        return self._initials.mnemonic(name)


class _Writer:
    """Writes what is handed over in a thread of its own, in order; what fails is raised here.

    That thread needs the interpreter for a moment between two statements; Python lets threads
    wait 5 ms for it.
    """

    def __init__(self, db: SqliteUtils, following: int, thread: Executor) -> None:
        self._db = db
        self._following = following
        self._words: list[str] = []
        self._thread = thread
        self._writing: deque[Future[None]] = deque()

    def write(self, prepared: Prepared) -> None:
        """Have a batch written, once all but the last of those before it are."""
        self._submit(write, prepared)
        self._words += prepared.words
        if len(self._words) >= WORDS_AT_ONCE:
            self._write_words()

    def finish(self) -> None:
        """Wait until all is written."""
        self._write_words()
        while self._writing:
            self._writing.popleft().result()

    def _write_words(self) -> None:
        self._submit(write_words, self._following, self._words)
        self._following += len(self._words)
        self._words = []

    def _submit(self, action: Callable[..., None], *arguments: object) -> None:
        while len(self._writing) >= MOST_WAITING:
            self._writing.popleft().result()
        self._writing.append(self._thread.submit(action, self._db, *arguments))


@contextmanager
def _writing(db: SqliteUtils, following: int) -> Iterator[_Writer]:
    """Lend a writer; when the block ends well, all is written."""
    usual_s = sys.getswitchinterval()
    with ThreadPoolExecutor(1, "import") as thread:
        sys.setswitchinterval(SWITCH_S)
        try:
            writer = _Writer(db, following, thread)
            yield writer
            writer.finish()
        finally:
            sys.setswitchinterval(usual_s)


def _fed() -> Refused:
    return Refused(
        "import.fed",
        N_("The hub feeds this till its goods; what is imported here would be lost."),
        N_("Publish the list at the hub: xuanpin sync publish catalogue FILE."),
    )


def _no_rows() -> Refused:
    return Refused(
        "import.no_rows", N_("The list has no goods in it."), N_("Check that it is the right file.")
    )


def _silent(done: int, size: int) -> None:
    """Report progress to nobody."""
