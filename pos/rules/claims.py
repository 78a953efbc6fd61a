"""Who claims which sku and which code in a goods list: one row each, and the first has it."""

from collections.abc import Mapping, Sequence

from pos.rules.code_keys import code_key
from pos.rules.items import Item
from sync.rules.bad_rows import Problem
from sync.rules.refusal import N_, Refused

# The rows of a batch and their skus; the keys of their codes, and whose each of them is.
_Batch = tuple[Sequence[int], Sequence[str], Sequence[str], Sequence[str]]


class Claims:
    """What the rows of a list have claimed so far.

    A code of an item that the catalogue has already moves only if that item stands in the same
    list without it; it may stand there later, so that is judged at the end.
    """

    def __init__(self) -> None:
        self._undisputed: list[_Batch] = []
        self._skus: set[str] = set()
        self._keys: set[str] = set()
        self._row_of: dict[str, int] = {}
        self._sku_of: dict[str, str] = {}
        self._open: list[tuple[int, str, str]] = []

    def take(
        self,
        rows: Sequence[int],
        items: Sequence[Item],
        keys: Sequence[str],
        owners: Mapping[str, str],
    ) -> list[Problem]:
        """Take the claims of a batch; name the rows whose sku or codes are another's.

        `keys` are the keys of all the items' codes in their order, `owners` the skus that have
        some of them in the catalogue.
        """
        skus = [item.sku for item in items]
        bearers = [item.sku for item in items for _ in item.barcodes]
        pairs = zip(keys, bearers, strict=True) if owners else ()
        others = {key: owners[key] for key, sku in pairs if owners.get(key, sku) != sku}
        if not self._row_of and not others and self._all_new(skus, keys):
            self._undisputed.append((rows, skus, keys, bearers))
            return []
        self._look_closely()
        return self._one_by_one(rows, items, others)

    def contest(self, owner: str, codes: Sequence[str]) -> list[Problem]:
        """Name the rows that claim codes of an item that the list does not mention."""
        self._look_closely()
        if owner in self._row_of:
            return []
        claimed = [(code, self._sku_of.get(code_key(code))) for code in codes]
        return [
            Problem(self._row_of[sku], "barcodes", self._owned(code, owner))
            for code, sku in claimed
            if sku is not None
        ]

    def left_open(self) -> list[Problem]:
        """Name the claims on codes whose owners in the catalogue the list does not mention."""
        return [
            Problem(row, "barcodes", self._owned(code, owner))
            for row, code, owner in self._open
            if owner not in self._row_of
        ]

    def _all_new(self, skus: Sequence[str], keys: Sequence[str]) -> bool:
        """Note skus and keys of codes; tell whether nobody had claimed any of them."""
        before = len(self._skus) + len(self._keys)
        self._skus.update(skus)
        self._keys.update(keys)
        return len(self._skus) + len(self._keys) == before + len(skus) + len(keys)

    def _look_closely(self) -> None:
        """Find out who has claimed what: until two rows claim the same, nobody needs to know."""
        for rows, skus, keys, bearers in self._undisputed:
            self._row_of.update(zip(skus, rows, strict=True))
            self._sku_of.update(zip(keys, bearers, strict=True))
        for noted in (self._undisputed, self._skus, self._keys):
            noted.clear()

    def _one_by_one(
        self, rows: Sequence[int], items: Sequence[Item], owners: Mapping[str, str]
    ) -> list[Problem]:
        problems = []
        firsts = []
        for row, item in zip(rows, items, strict=True):
            first = self._row_of.setdefault(item.sku, row)
            if first == row:
                firsts.append((row, item))
            else:
                problems.append(Problem(row, "sku", _sku_twice(item.sku, first)))
        for row, item in firsts:
            for code in item.barcodes:
                key = code_key(code)
                holder = self._sku_of.setdefault(key, item.sku)
                if holder != item.sku:
                    problems.append(Problem(row, "barcodes", self._owned(code, holder)))
                elif owners.get(key, item.sku) != item.sku:
                    self._open.append((row, code, owners[key]))
        return problems

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


def _sku_twice(sku: str, first: int) -> Refused:
    return Refused(
        "import.sku_twice",
        N_("The sku {sku} stands in row {first} already."),
        N_("Keep one of the rows."),
        {"sku": sku, "first": first},
    )
