"""What the address of a hub looks like: http or https, a host, perhaps a port and a path."""

import re

_ADDRESS = re.compile(
    r"https?://(?:\w(?:[\w.-]*\w)?\.?|\[[0-9a-f:.]*:[0-9a-f:.]*\])(?::(?P<port>\d{1,5}))?(?:/[\w./~-]*)?",
    re.IGNORECASE,
)
_MOST_PORT = 65535


def is_hub_address(text: str) -> bool:
    """Tell whether a till could find a hub there.

    >>> [is_hub_address(text) for text in ("http://192.0.2.10:8000", "ftp:/x", "http://[")]
    [True, False, False]
    """
    match = _ADDRESS.fullmatch(text)
    return match is not None and int(match["port"] or 1) in range(1, _MOST_PORT + 1)
