"""Importing a goods list into the catalogue: all of it in one transaction, or nothing."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlite_utils import Database as SqliteUtils

from pos.rules.code_keys import code_key
from pos.rules.items import Item
from pos.rules.mnemonic import Initials
from pos.rules.rows import Row, RowReader, read_header
from pos.stores import catalogue
from pos.stores.goods_files import GoodsFile, UnreadableError, open_goods_file
from sync.database import Database
from sync.rules.bad_rows import MOST_PROBLEMS, BadRows, Problem, bad_rows
from sync.rules.refusal import N_, Refused

ROWS_AT_ONCE = 2000

Progress = Callable[[int, int], None]  # how much is done, of how much


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: rows read, and items added, changed and found as they were."""

    rows: int
    added: int
    changed: int
    unchanged: int


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
    the names a row may give. Raises `Fault` if the file cannot be read.
    """
    try:
        with open_goods_file(path) as goods:
            header = read_header(goods.header)
            if isinstance(header, Refused):
                return header
            with reference.transaction() as db:
                return _Import(db, header, centers).run(goods, progress or _silent)
    except UnreadableError as error:
        return error.refused
    except _RejectedError as rejected:
        return rejected.answer


class _Import:
    """One import under way: what it has read, and which codes its rows have claimed."""

    def __init__(self, db: SqliteUtils, header: Sequence[str], centers: Collection[str]) -> None:
        self._db = db
        self._initials: Initials | None = None
        self._reader = RowReader(header, centers, self._mnemonic)
        self._was_empty = catalogue.count(db) == 0
        self._row_of: dict[str, int] = {}
        self._claimed_from: list[tuple[int, str, str]] = []
        self._problems: list[Problem] = []
        self._writing: Future[catalogue.Written] | None = None
        self._added = 0
        self._changed = 0

    def run(self, goods: GoodsFile, progress: Progress) -> Imported:
        """Read and write batch by batch; raises `_RejectedError` if anything was bad.

        A batch is written by a thread of its own while the next one is read.
        """
        rows = 0
        with ThreadPoolExecutor(1, "import") as writer:
            while batch := list(islice(goods.rows, ROWS_AT_ONCE)):
                rows += len(batch)
                self._take(batch, writer)
                if len(self._problems) > MOST_PROBLEMS:
                    raise _RejectedError(bad_rows(self._problems, MOST_PROBLEMS))
                progress(goods.done(), goods.size)
            self._wait()
        self._settle_claims()
        if self._problems:
            raise _RejectedError(bad_rows(self._problems))
        if not rows:
            raise _RejectedError(_no_rows())
        progress(goods.size, goods.size)
        return Imported(rows, self._added, self._changed, rows - self._added - self._changed)

    def _take(self, batch: Sequence[Row], writer: Executor) -> None:
        """Read a batch and have it written; one thread at a time uses the connection."""
        known: dict[str, Item] = {}
        if not self._was_empty:
            self._wait()
            known = catalogue.items_by_sku(self._db, self._reader.skus(batch))
        numbered, problems = self._reader.read(batch, known)
        self._problems += problems
        items = self._first_ones(numbered)
        self._wait()
        prepared = catalogue.prepare(self._db, self._unclaimed(items))
        self._writing = writer.submit(catalogue.write, self._db, prepared)

    def _wait(self) -> None:
        """Wait until the batch before is written; what went wrong with it is raised here."""
        if self._writing is not None:
            written = self._writing.result()
            self._writing = None
            self._added += written.added
            self._changed += written.changed

    def _first_ones(self, numbered: Sequence[tuple[int, Item]]) -> list[Item]:
        """Note in which row each sku stands; rows that repeat one become problems."""
        items = []
        for row, item in numbered:
            first = self._row_of.setdefault(item.sku, row)
            if first == row:
                items.append(item)
            else:
                self._problems.append(Problem(row, "sku", _sku_twice(item.sku, first)))
        return items

    def _unclaimed(self, items: list[Item]) -> list[Item]:
        """Return the items whose barcodes are theirs; the others become problems."""
        keys = [code_key(code) for item in items for code in item.barcodes]
        owners = catalogue.owners(self._db, keys)
        if not owners and len(set(keys)) == len(keys):
            return items
        here = {item.sku for item in items}
        # For owners among these items, what counts is what their rows say now.
        taken = {key: owner for key, owner in owners.items() if owner not in here}
        return [item for item in items if self._claims(item, taken)]

    def _claims(self, item: Item, taken: dict[str, str]) -> bool:
        """Claim an item's barcodes in `taken`; an owner still to come may give them up."""
        row = self._row_of[item.sku]
        good = True
        for code in item.barcodes:
            owner = taken.get(key := code_key(code), item.sku)
            if owner != item.sku and owner in self._row_of:
                self._problems.append(Problem(row, "barcodes", self._owned(code, owner)))
                good = False
                continue
            if owner != item.sku:
                self._claimed_from.append((row, code, owner))
            taken[key] = item.sku
        return good

    def _settle_claims(self) -> None:
        """Refuse the barcodes of owners that the list does not mention."""
        for row, code, owner in self._claimed_from:
            if owner not in self._row_of:
                self._problems.append(Problem(row, "barcodes", self._owned(code, owner)))

    def _owned(self, code: str, owner: str) -> Refused:
        row = self._row_of.get(owner)
        return Refused(
            "import.barcode_owned",
            N_("The barcode {code} belongs to {owner} (row {row}).")
            if row
            else N_("The barcode {code} belongs to {owner} in the catalogue."),
            N_("Give it to one sku only."),
            {"code": code, "owner": owner, "row": row},
        )

    def _mnemonic(self, name: str) -> str:
        if self._initials is None:
            self._initials = Initials()
        return self._initials.mnemonic(name)


def _sku_twice(sku: str, first: int) -> Refused:
    return Refused(
        "import.sku_twice",
        N_("The sku {sku} stands in row {first} already."),
        N_("Keep one of the rows."),
        {"sku": sku, "first": first},
    )


def _no_rows() -> Refused:
    return Refused(
        "import.no_rows", N_("The list has no goods in it."), N_("Check that it is the right file.")
    )


def _silent(done: int, size: int) -> None:
    """Report progress to nobody."""
