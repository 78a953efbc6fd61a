"""Decoding what somebody else wrote: whatever is wrong with it is a `ValueError`.

msgspec's own errors are, but for one: it passes over what a type does not name by recursion, and
gives up a few hundred levels deep with a `RecursionError`. Nobody's bytes may be worth that.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T")


def from_json(data: bytes, kind: type[T]) -> T:
    """Decode JSON as `kind`; raises `ValueError` for anything else.

    >>> from_json(b"[" * 5000, list)
    Traceback (most recent call last):
    ValueError: nested too deep
    """
    return json_reader(kind)(data)


def from_msgpack(data: bytes, kind: type[T]) -> T:
    """Decode MessagePack as `kind`; raises `ValueError` for anything else."""
    return msgpack_reader(kind)(data)


def json_reader(kind: type[T]) -> Callable[[bytes], T]:
    """Return a function that decodes JSON as `kind`, for where much is decoded."""
    return _bounded(msgspec.json.Decoder(kind).decode)


def msgpack_reader(kind: type[T]) -> Callable[[bytes], T]:
    """Return a function that decodes MessagePack as `kind`, for where much is decoded."""
    return _bounded(msgspec.msgpack.Decoder(kind).decode)


def _bounded(decode: Callable[[bytes], T]) -> Callable[[bytes], T]:
    def read(data: bytes) -> T:
        try:
            return decode(data)
        except RecursionError as error:
            raise ValueError("nested too deep") from error

    return read
