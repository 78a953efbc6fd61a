"""Which keys do what at the counter: settings, because no two shops' tills agree."""

import re

import msgspec

from sync.rules.config_problems import SettingError
from sync.rules.refusal import N_

_KEY = re.compile(
    r"(?:(?:ctrl|shift|alt)\+)*"
    r"(?:f[1-9]|f1\d|f2[0-4]|delete|insert|home|end|pageup|pagedown|backspace|[a-z]|[^\w\s])"
)
RESERVED = frozenset(
    {"enter", "tab", "escape", "up", "down", "left", "right", "backspace", "home", "end"}
)


class KeySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[keys]: the keys of each action, several separated by spaces (`"f1 ?"`).

    Modifiers are written in front: `shift+f6`, `ctrl+delete`. Signs such as `*` act only while
    nothing is being typed; a digit or a letter alone is always typing and is refused.
    """

    help: str = "f1 ?"
    find: str = "f2"
    member: str = "f3"
    join: str = "f4"
    quick: str = "f5"
    hold: str = "f6"
    recall: str = "shift+f6"
    delivery: str = "f7"
    order_link: str = "f8"
    pay: str = "f9"
    receipt: str = "f10 ctrl+r"
    theme: str = "f11 ctrl+t"
    language: str = "f12 ctrl+l"
    quantity: str = "*"
    more: str = "+"
    fewer: str = "-"
    remove: str = "delete"
    void: str = "ctrl+delete"
    quit: str = "ctrl+q ctrl+c"

    def __post_init__(self) -> None:
        """Refuse keys that do not exist, that typing needs, or that mean two things."""
        taken: dict[str, str] = {}
        for action in self.__struct_fields__:
            keys = keys_of(self, action)
            if not keys:
                raise SettingError(action, N_("it needs a key"))
            for key in keys:
                if not _KEY.fullmatch(key) or key in RESERVED or re.fullmatch("[a-z]", key):
                    raise SettingError(action, N_("“{key}” is not a key that can be set"), key=key)
                if key in taken:
                    said = N_("“{key}” already stands for {other}")
                    raise SettingError(action, said, key=key, other=taken[key])
                taken[key] = action


class CounterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[counter]: what the counter offers without a barcode: skus, in the order of their digits."""

    quick_keys: tuple[str, ...] = ("BAG-L", "BAG-S")

    def __post_init__(self) -> None:
        """Refuse more quick keys than there are digits to press."""
        if len(self.quick_keys) > 9:
            said = N_("there is room for nine skus, one per digit")
            raise SettingError("quick_keys", said)


def keys_of(settings: KeySettings, action: str) -> tuple[str, ...]:
    """Return the keys of an action, in lower case."""
    value: str = getattr(settings, action)
    return tuple(value.lower().split())


def action_of(settings: KeySettings, name: str, character: str | None) -> str | None:
    """Return what a pressed key does: its action, or None for typing.

    `name` is the terminal library's name of the key, `character` what it prints.

    >>> action_of(KeySettings(), "f9", None), action_of(KeySettings(), "asterisk", "*")
    ('pay', 'quantity')
    """
    spelled = {name, character or name}
    for action in settings.__struct_fields__:
        if not spelled.isdisjoint(keys_of(settings, action)):
            return action
    return None


def is_sign(key: str) -> bool:
    """Tell a key that also prints, and so acts only while nothing is being typed."""
    return len(key) == 1


def shown_key(settings: KeySettings, action: str) -> str:
    """Return the first key of an action as the legend prints it.

    >>> shown_key(KeySettings(), "void"), shown_key(KeySettings(), "recall")
    ('Ctrl+Del', 'Shift+F6')
    """
    key = keys_of(settings, action)[0]
    parts = [key] if is_sign(key) else key.split("+")
    short = {"delete": "del", "insert": "ins", "pageup": "PgUp", "pagedown": "PgDn"}
    names = [short.get(part, part) for part in parts]
    return "+".join(n if n[:1].isupper() else n.capitalize() for n in names)
