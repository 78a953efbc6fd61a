"""What the address of a hub looks like: http or https, a host, perhaps a port and a path."""

import re

_NAME = r"(?=\w)(?:[\w-]{1,63}\.)*[\w-]{0,62}\w\.?"  # longer labels are looked up nowhere
_HOST_NAME = re.compile(_NAME)
_ADDRESS = re.compile(
    rf"https?://(?:{_NAME}|\[[0-9a-f:.]*:[0-9a-f:.]*\])(?::(?P<port>\d{{1,5}}))?(?:/[\w./~-]*)?",
    re.IGNORECASE,
)
_MOST_PORT = 65535


def is_host_name(text: str) -> bool:
    """Tell whether a host could be called that: labels of 1 to 63 characters, or an IPv4 address.

    >>> [is_host_name(text) for text in ("shop.example.", "192.0.2.10", "shop..example", "a" * 64)]
    [True, True, False, False]
    """
    return _HOST_NAME.fullmatch(text) is not None


def is_hub_address(text: str) -> bool:
    """Tell whether a till could find a hub there.

    >>> [is_hub_address(text) for text in ("http://192.0.2.10:8000", "ftp:/x", "http://a..b")]
    [True, False, False]
    """
    match = _ADDRESS.fullmatch(text)
    return match is not None and int(match["port"] or 1) in range(1, _MOST_PORT + 1)
