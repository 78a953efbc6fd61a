"""Identities are valid version 7 UUIDs that sort by the moment they were made."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from sync.rules.ids import ENTROPY_BYTES, uuid7

MOMENTS = st.integers(0, (1 << 48) - 1)
ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)


@given(MOMENTS, ENTROPY)
def test_version_variant_and_moment(at_ms: int, entropy: bytes) -> None:
    made = uuid.UUID(uuid7(at_ms, entropy))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == at_ms


@given(MOMENTS, ENTROPY, MOMENTS, ENTROPY)
def test_earlier_sorts_first(first: int, a: bytes, second: int, b: bytes) -> None:
    if first < second:
        assert uuid7(first, a) < uuid7(second, b)
