"""Charts as inline SVG, in whole pixels: columns by hour, bars by name, one bar of shares."""

from collections.abc import Sequence
from html import escape

import msgspec

_WIDTH, _HEIGHT, _LEFT = 760, 150, 62
_WIDEST, _GAP = 36, 6
_BAR_ROOM, _BAR_ROW = 180, 26
_STEPS = (1, 2, 3, 4, 5, 6, 8, 10)


class Bar(msgspec.Struct, frozen=True):
    """One bar: its name, its value, what to write at its end, and its colour (a CSS class).

    `share` stands beyond the label, or above an upright bar.
    """

    name: str
    value: int
    label: str
    tone: str = "c1"
    share: str = ""


def columns(bars: Sequence[Bar], top: str, middle: str, most: int) -> str:
    """Draw upright bars under two lines of a scale whose end is `most`, named `top`."""
    pitch = (_WIDTH - _LEFT) // max(len(bars), 1)
    wide = min(pitch - _GAP, _WIDEST)
    parts = [_svg(_WIDTH, _HEIGHT + 44), _grid(20, top), _grid(20 + _HEIGHT // 2, middle)]
    base = 20 + _HEIGHT
    for place, bar in enumerate(bars):
        middle_x = _LEFT + place * pitch + pitch // 2
        tall = bar.value * _HEIGHT // most if most else 0
        if bar.value > 0:
            tall = max(tall, 1)
            parts.append(
                f'<rect class="{bar.tone}" x="{middle_x - wide // 2}" y="{base - tall}"'
                f' width="{wide}" height="{tall}" rx="2">{_title(bar)}</rect>'
                f'<text class="axis" x="{middle_x}" y="{base - tall - 4}"'
                f' text-anchor="middle">{escape(bar.share)}</text>'
            )
        parts.append(
            f'<text class="axis" x="{middle_x}" y="{base + 16}" text-anchor="middle">'
            f"{escape(bar.name)}</text>"
        )
    parts.append(
        f'<line class="base" x1="{_LEFT - 4}" y1="{base}" x2="{_WIDTH}" y2="{base}"/></svg>'
    )
    return "".join(parts)


def _title(bar: Bar) -> str:
    return f"<title>{escape(bar.name)} {escape(bar.label)}</title>"


def _grid(y: int, label: str) -> str:
    return (
        f'<line class="grid" x1="{_LEFT - 4}" y1="{y}" x2="{_WIDTH}" y2="{y}"/>'
        f'<text class="axis" x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(label)}</text>'
    )


def bars(rows: Sequence[Bar]) -> str:
    """Draw bars lying under one another, the longest as long as there is room."""
    most = max((row.value for row in rows), default=0)
    parts = [_svg(420, len(rows) * _BAR_ROW + 4)]
    for place, row in enumerate(rows):
        y = place * _BAR_ROW + 4
        long = max(row.value * _BAR_ROOM // most, 1) if most and row.value > 0 else 0
        parts.append(
            f'<text class="name" x="112" y="{y + 14}" text-anchor="end">{escape(row.name)}</text>'
            f'<rect class="track" x="120" y="{y + 2}" width="{_BAR_ROOM}" height="16" rx="3"/>'
            f'<rect class="{row.tone}" x="120" y="{y + 2}" width="{long}" height="16" rx="3"/>'
            f'<text class="value" x="378" y="{y + 14}" text-anchor="end">{escape(row.label)}</text>'
            f'<text class="axis" x="420" y="{y + 14}" text-anchor="end">{escape(row.share)}</text>'
        )
    return "".join(parts) + "</svg>"


def shares(parts_of: Sequence[Bar], width: int = 420) -> str:
    """Draw one bar cut into shares of the whole."""
    whole = sum(part.value for part in parts_of)
    drawn, x, done = [_svg(width, 30)], 0, 0
    for part in parts_of:
        done += part.value
        end = done * width // whole if whole else 0
        if end > x:
            drawn.append(
                f'<rect class="{part.tone}" x="{x}" y="4" width="{end - x}" height="22">'
                f"{_title(part)}</rect>"
            )
        x = end
    return "".join(drawn) + "</svg>"


def scale_end(most: int) -> int:
    """Return a round number no less than `most`, for the end of a scale.

    >>> [scale_end(most) for most in (0, 1, 7, 11, 49, 50, 5001)]
    [1, 1, 8, 20, 50, 50, 6000]
    """
    end = 1
    while True:
        for step in _STEPS:
            if step * end >= most:
                return step * end
        end *= 10


def _svg(width: int, height: int) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" preserveAspectRatio="xMinYMin meet">'
