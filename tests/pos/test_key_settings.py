"""The keys of the counter: defaults that do not collide, settings that are checked."""

import msgspec
import pytest

from pos.rules.key_settings import (
    CounterSettings,
    KeySettings,
    action_of,
    keys_of,
    shown_key,
)


def test_the_defaults_are_those_of_common_tills() -> None:
    keys = KeySettings()
    pressed = {
        "pay": ("f9", None),
        "hold": ("f6", None),
        "recall": ("shift+f6", None),
        "quantity": ("asterisk", "*"),
        "remove": ("delete", None),
        "void": ("ctrl+delete", None),
        "more": ("plus", "+"),
    }
    assert {action: action_of(keys, *key) for action, key in pressed.items()} == {
        action: action for action in pressed
    }


def test_typing_is_no_action() -> None:
    assert action_of(KeySettings(), "x", "x") is None
    assert action_of(KeySettings(), "enter", "\r") is None


def test_several_keys_may_do_the_same_and_the_first_is_shown() -> None:
    keys = KeySettings(pay="F8 ctrl+p", order_link="f9")
    assert keys_of(keys, "pay") == ("f8", "ctrl+p")
    assert shown_key(keys, "pay") == "F8"
    assert action_of(keys, "ctrl+p", None) == "pay"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"pay": "f6"}, "“f6” already stands for hold"),
        ({"pay": "g"}, "“g” is not a key that can be set"),
        ({"pay": "7"}, "“7” is not a key that can be set"),
        ({"pay": "enter"}, "“enter” is not a key that can be set"),
        ({"pay": "f99"}, "“f99” is not a key that can be set"),
        ({"pay": " "}, "pay: it needs a key"),
    ],
)
def test_impossible_keys_are_refused(given: dict[str, str], problem: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=problem):
        msgspec.convert(given, KeySettings)


def test_there_are_nine_quick_keys_at_most() -> None:
    with pytest.raises(msgspec.ValidationError, match="nine"):
        msgspec.convert({"quick_keys": ["A"] * 10}, CounterSettings)
