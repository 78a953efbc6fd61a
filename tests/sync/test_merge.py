"""The merge rules: whatever is delivered, however often and in which cut, the run is the same."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.merge import Gap, Verdict, merge

D, A, F = Verdict.DUPLICATE, Verdict.APPEND, Verdict.FORK


@dataclass(frozen=True)
class Link:
    prev: bytes
    hash: bytes


def chain(names: str, prev: bytes = b"parent") -> list[Link]:
    links = []
    for name in names:
        links.append(Link(prev, name.encode()))
        prev = name.encode()
    return links


class Run:
    """A run at the hub as the merge rules see it."""

    def __init__(self, names: str = "") -> None:
        self.hashes = [link.hash for link in chain(names)]
        self.forks: set[tuple[int, bytes]] = set()

    def take(self, first_seq: int, entries: list[Link]) -> tuple[Verdict, ...] | Gap:
        stored = dict(enumerate(self.hashes, 1))
        before = {hash_ for seq, hash_ in self.forks if seq == first_seq - 1}
        mark = self.hashes[-1] if self.hashes else b""
        verdicts = merge(
            len(self.hashes), mark, first_seq, entries, stored=stored, forks_before=before
        )
        if not isinstance(verdicts, Gap):
            for seq, (entry, verdict) in enumerate(zip(entries, verdicts, strict=True), first_seq):
                if verdict is A:
                    self.hashes.append(entry.hash)
                elif verdict is F:
                    self.forks.add((seq, entry.hash))
        return verdicts


@pytest.mark.parametrize(
    ("stored", "first_seq", "sent", "expected"),
    [
        ("", 1, chain("abc"), (A, A, A)),  # a run's first entry may name any parent
        ("abc", 1, chain("abc"), (D, D, D)),  # the reply was lost
        ("abc", 2, chain("bcde", b"a"), (D, D, A, A)),  # overlapping
        ("abc", 4, chain("de", b"c"), (A, A)),
        ("abc", 2, chain("xy", b"a"), (F, F)),  # two continuations of a
        ("abc", 2, chain("bxyz", b"a"), (D, F, F, F)),  # a fork goes on beyond the mark
        ("abc", 4, chain("xy", b"elsewhere"), (F, F)),  # next number, other past
        ("abc", 5, chain("e", b"d"), Gap(4)),
        ("", 2, chain("b", b"a"), Gap(1)),
        ("abc", 4, [], ()),
    ],
)
def test_worked_examples(
    stored: str, first_seq: int, sent: list[Link], expected: tuple[Verdict, ...] | Gap
) -> None:
    assert Run(stored).take(first_seq, sent) == expected


def test_a_known_fork_goes_on_in_the_next_segment() -> None:
    run = Run("abc")
    assert run.take(3, chain("xy", b"b")) == (F, F)
    assert run.take(5, chain("z", b"y")) == (F,)
    assert run.hashes == [b"a", b"b", b"c"]


NAMES = "abcdefghij"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10)), max_size=30))
def test_any_deliveries_of_a_run_leave_a_prefix_of_it(deliveries: list[tuple[int, int]]) -> None:
    run = Run()
    whole = chain(NAMES)
    for start, length in deliveries:
        before = len(run.hashes)
        verdicts = run.take(start + 1, whole[start : start + length])
        assert isinstance(verdicts, Gap) == (start > before)
        assert len(run.hashes) >= before
    assert run.hashes == [link.hash for link in whole[: len(run.hashes)]]
    assert not run.forks
    run.take(1, whole)
    assert len(run.hashes) == len(NAMES)


@given(st.integers(0, 9), st.permutations(["one", "other"]))
def test_of_two_continuations_none_is_lost(shared: int, order: list[str]) -> None:
    one = chain(NAMES)
    other = one[:shared] + chain("KLMN", one[shared - 1].hash if shared else b"parent")
    branches = {"one": one, "other": other}
    run = Run()
    for name in order:
        run.take(1, branches[name])
    kept = set(run.hashes) | {hash_ for _, hash_ in run.forks}
    assert kept == {link.hash for link in one + other}
