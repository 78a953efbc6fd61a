"""How names are cut into words for the search index, and what a typed query looks for."""

import re

from pos.rules.codes import half_width

_HANZI = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(f"[{_HANZI}]|[^{_HANZI}\\s]+")
_NOT_HANZI = re.compile(f"[^{_HANZI}]")
_ENDS_IN_HANZI = re.compile(f"[{_HANZI}]$")


def index_words(chinese: str, english: str) -> str:
    """Return an item's names as the search index keeps them: every hanzi a word of its own.

    >>> index_words("信阳毛尖250g", "Maojian")
    '信 阳 毛 尖 250g Maojian'
    """
    if english.isascii() and not _NOT_HANZI.search(chinese):
        return f"{' '.join(chinese)} {english}"  # the same, and five times as fast
    return " ".join(_WORD.findall(half_width(f"{chinese} {english}")))


def match_query(text: str) -> str:
    """Return the FTS5 query for typed words; all must occur, hanzi in this order.

    The last letters typed may be the beginning of a word. Empty when there is nothing to find.

    >>> match_query("毛尖 mao")
    '"毛 尖" AND "mao"*'
    """
    phrases = []
    for chunk in half_width(text).split():
        if any(character.isalnum() for character in chunk):
            words = " ".join(_WORD.findall(chunk)).replace('"', '""')
            phrases.append(f'"{words}"' + ("" if _ENDS_IN_HANZI.search(chunk) else "*"))
    return " AND ".join(phrases)
