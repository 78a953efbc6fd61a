"""Both themes can be read: contrast as WCAG 2.2 reckons it (1.4.3, at least 4.5 to 1 for text)."""

import pytest
from rich.color import Color
from rich.style import Style
from textual.theme import Theme

from sync.faces.screen.looks import THEMES, Tone, tones

ENOUGH = 4.5
LINE: Tone = "edge"  # beside a panel: no text
# What stands on the third ground, the legend of keys and the head of the cart.
ON_PANEL: frozenset[Tone] = frozenset({"plain", "dim", "bar_key", "head"})


def luminance(color: Color) -> float:
    """Return the relative luminance of a colour, 0 for black to 1 for white."""
    parts = []
    for value in color.get_truecolor():
        share = value / 255
        parts.append(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
    red, green, blue = parts
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(style: Style, ground: Color) -> float:
    assert style.color is not None
    light, dark = sorted((luminance(style.color), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["surface", "background", "panel"])
def test_every_tone_can_be_read_on_its_grounds(theme: Theme, ground: str) -> None:
    under = Color.parse(getattr(theme, ground))
    drawn = {
        tone: round(contrast(style, style.bgcolor or under), 2)
        for tone, style in tones(theme).items()
        if tone != LINE and (ground != "panel" or tone in ON_PANEL)
    }
    assert {tone: ratio for tone, ratio in drawn.items() if ratio < ENOUGH} == {}
