"""Goods and price lists that are published at the hub: checked whole, then rows of their feeds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import zstandard

from pos.rules import price_rows, rows
from pos.rules.claims import Claims
from pos.rules.code_keys import code_keys
from pos.rules.headers import read_header
from pos.rules.items import PLUS_ABOVE_RETAIL, Item, is_plus_above_retail
from pos.rules.mnemonic import Initials
from pos.rules.price_rows import PriceReader
from pos.rules.rows import RowReader
from pos.stores import fed_goods
from pos.stores.goods_files import GoodsFile, UnreadableError, open_goods_file
from sync.package import FeedRow, Publication, Remark
from sync.rules.bad_rows import MOST_PROBLEMS, BadRows, Problem, bad_rows
from sync.rules.refusal import N_, Refused

Read = Iterable[tuple[int, FeedRow]] | BadRows | Refused

_decode = msgspec.json.Decoder(Item).decode
_encode = msgspec.json.Encoder().encode


class _Owned(msgspec.Struct, frozen=True, gc=False):
    """Of an item only whose codes these are."""

    sku: str
    barcodes: tuple[str, ...] = ()


_decode_owned = msgspec.json.Decoder(_Owned).decode


def read_catalogue(publication: Publication) -> Read:
    """Read a goods list as `xuanpin pos import` does, with the same checks and the same words.

    What the list does not say of an item stays as it is fed; an item whose barcode it claims must
    stand in the list without it. Raises `Fault` if the file cannot be read.
    """
    try:
        with open_goods_file(publication.path, rows.COLUMNS) as goods:
            header = read_header(goods.header, rows.COLUMNS, rows.REQUIRED)
            if isinstance(header, Refused):
                return header
            return _Goods(publication, header).read(goods)
    except UnreadableError as error:
        return error.refused


def read_prices(publication: Publication) -> Read:
    """Read a price list: skus of the feed `catalogue`, each with moments and prices.

    A price of the same item from the same moment on is replaced. Raises `Fault` if the file
    cannot be read.
    """
    try:
        with open_goods_file(publication.path, price_rows.COLUMNS) as goods:
            header = read_header(goods.header, price_rows.COLUMNS, price_rows.REQUIRED)
            if isinstance(header, Refused):
                return header
            return _read_prices(publication, PriceReader(header), goods)
    except UnreadableError as error:
        return error.refused


class _Goods:
    """A goods list being read: its rows are packed away until the last one is checked."""

    def __init__(self, publication: Publication, header: Sequence[str]) -> None:
        self._publication = publication
        self._initials: Initials | None = None
        self._reader = RowReader(header, tuple(publication.centers), self._mnemonic)
        self._claims = Claims()
        self._claims_new_codes = False
        self._problems: list[Problem] = []

    def read(self, goods: GoodsFile) -> Read:
        """Read all the rows."""
        packed = _Packed()
        dear = 0
        for table in goods.tables:
            known = _items(self._publication, self._reader.skus(table))
            numbers, items, problems = self._reader.read(table, known)
            self._problems += problems + self._claim(numbers, items, known)
            if len(self._problems) > MOST_PROBLEMS:
                return bad_rows(self._problems)
            packed.add([FeedRow(item.sku, _encode(item)) for item in items])
            dear += sum(is_plus_above_retail(item.retail_fen, item.plus_fen) for item in items)
            self._publication.progress(goods.done(), goods.size)
        if self._claims_new_codes:
            for row in self._publication.all_fed(fed_goods.FEED):
                owned = _decode_owned(row.data)
                self._problems += self._claims.contest(owned.sku, owned.barcodes)
        _remark(self._publication, dear)
        return _all_or_nothing(packed, self._problems)

    def _claim(
        self, numbers: Sequence[int], items: Sequence[Item], known: Mapping[str, Item]
    ) -> list[Problem]:
        """Claim the skus and codes of rows; codes that an item had already are not in question."""
        for item in items:
            before = known.get(item.sku)
            if item.barcodes and (before is None or before.barcodes != item.barcodes):
                self._claims_new_codes = True
        keys = code_keys([code for item in items for code in item.barcodes])
        return self._claims.take(numbers, items, keys, {})

    def _mnemonic(self, name: str) -> str:
        if self._initials is None:
            self._initials = Initials()
        return self._initials.mnemonic(name)


def _read_prices(publication: Publication, reader: PriceReader, goods: GoodsFile) -> Read:
    packed = _Packed()
    dear = 0
    problems: list[Problem] = []
    for table in goods.tables:
        prices, bad = reader.read(table, _items(publication, reader.skus(table)))
        problems += bad
        if len(problems) > MOST_PROBLEMS:
            break
        packed.add([FeedRow(key, _encode(price)) for key, price in prices])
        dear += sum(is_plus_above_retail(each.retail_fen, each.plus_fen) for _, each in prices)
        publication.progress(goods.done(), goods.size)
    _remark(publication, dear)
    return _all_or_nothing(packed, problems)


def _remark(publication: Publication, dear: int) -> None:
    if dear:
        publication.remark(Remark("plus_above_retail", PLUS_ABOVE_RETAIL, dear))


def _items(publication: Publication, skus: Sequence[str]) -> dict[str, Item]:
    fed = publication.fed(fed_goods.FEED, skus)
    return {sku: _decode(data) for sku, data in fed.items()}


def _all_or_nothing(packed: "_Packed", problems: Sequence[Problem]) -> Read:
    if problems:
        return bad_rows(problems)
    if not packed.count:
        return Refused(
            "import.no_rows",
            N_("The list has nothing in it."),
            N_("Check that it is the right file."),
        )
    return packed


class _Packed:
    """Rows of a feed kept small: a million of them are some 100 MB, not one GB."""

    def __init__(self) -> None:
        self.count = 0
        self._blocks: list[bytes] = []

    def add(self, batch: Sequence[FeedRow]) -> None:
        """Put rows behind the others."""
        self.count += len(batch)
        self._blocks.append(zstandard.compress(msgspec.msgpack.encode(batch), 1))

    def __iter__(self) -> Iterator[tuple[int, FeedRow]]:
        """Yield the rows, each for all centers."""
        for block in self._blocks:
            batch = msgspec.msgpack.decode(zstandard.decompress(block), type=list[FeedRow])
            yield from ((0, row) for row in batch)
