"""How screens look: a dark and a light theme, and the tones that rows are drawn in."""

from pathlib import Path
from typing import Literal

from rich.style import Style
from textual.theme import Theme

Tone = Literal[
    "plain", "dim", "strong", "accent", "money", "good", "bad",
    "head", "bar", "bar_key", "bar_alarm", "chosen", "chosen_dim", "chosen_money",
    "said_good", "said_bad", "said_plain", "demo", "symbol", "edge",
]  # fmt: skip

DIALOGS = Path(__file__).with_name("dialogs.tcss")

DARK = Theme(
    name="xuanpin-dark",
    primary="#2dd4bf",
    secondary="#7dd3fc",
    accent="#fbbf24",
    success="#34d399",
    warning="#fbbf24",
    error="#f87171",
    foreground="#e6edf7",
    background="#0a101c",
    surface="#111a2d",
    panel="#1a2640",
    dark=True,
    variables={"quiet": "#8fa1bd", "edge": "#2b3b5c"},
)
LIGHT = Theme(
    name="xuanpin-light",
    primary="#0f766e",
    secondary="#0369a1",
    accent="#a84300",
    success="#047857",
    warning="#a84300",
    error="#b91c1c",
    foreground="#16202f",
    background="#e9edf3",
    surface="#ffffff",
    panel="#dbe3ee",
    dark=False,
    variables={"quiet": "#566479", "edge": "#b6c2d3"},
)
THEMES = {"dark": DARK, "light": LIGHT}


def tones(theme: Theme) -> dict[Tone, Style]:
    """Return the style of every tone in a theme."""
    dark = theme.dark
    on_accent = "#06201d" if dark else "#ffffff"
    chosen = "#17504e" if dark else "#bfe6e1"
    return {
        "plain": Style(color=theme.foreground),
        "dim": Style(color=theme.variables["quiet"]),
        "strong": Style(color=theme.foreground, bold=True),
        "accent": Style(color=theme.primary, bold=True),
        "money": Style(color=theme.accent),
        "good": Style(color=theme.success),
        "bad": Style(color=theme.error, bold=True),
        "head": Style(color=theme.variables["quiet"], bgcolor=theme.panel, bold=True),
        "bar": Style(color=on_accent, bgcolor=theme.primary, bold=True),
        "bar_key": Style(color=theme.accent, bold=True),
        "bar_alarm": Style(color="#ffffff", bgcolor="#b91c1c", bold=True),
        "chosen": Style(color=theme.foreground, bgcolor=chosen, bold=True),
        "chosen_dim": Style(color=theme.foreground, bgcolor=chosen),
        "chosen_money": Style(color=theme.accent, bgcolor=chosen, bold=True),
        "said_good": Style(color=theme.success, bold=True),
        "said_bad": Style(color="#ffffff", bgcolor="#b91c1c", bold=True),
        "said_plain": Style(color=theme.variables["quiet"]),
        "demo": Style(color="#3b1d00", bgcolor="#fbbf24", bold=True),
        "edge": Style(color=theme.variables["edge"]),
        "symbol": Style(color="#000000", bgcolor="#ffffff"),
    }
