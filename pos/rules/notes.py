"""What a visitor probably hands over in cash: the sums that the pay dialog offers at a key."""

NOTES_FEN = (100_00, 50_00, 20_00, 10_00, 5_00, 1_00)
MOST_OFFERED = 4


def likely_cash(due_fen: int) -> tuple[int, ...]:
    """Return the likely sums in fen, the exact one first, then rising: what whole notes make.

    >>> likely_cash(93_36)
    (9336, 9400, 9500, 10000)
    >>> likely_cash(100_00)
    (10000,)
    >>> likely_cash(0)
    ()
    """
    if due_fen <= 0:
        return ()
    rounded = {-(-due_fen // note) * note for note in NOTES_FEN} - {due_fen}
    most = sorted(rounded, key=lambda fen: (_notes(fen), fen))[: MOST_OFFERED - 1]
    return (due_fen, *sorted(most))


def _notes(fen: int) -> int:
    """Count the notes that make a sum: people hand over few."""
    count = 0
    for note in NOTES_FEN:
        count, fen = count + fen // note, fen % note
    return count
