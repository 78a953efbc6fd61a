"""The receipt printer's settings, and how a printer can stand."""

import re
from typing import Annotated, Literal

import msgspec

from sync.rules.config_problems import SettingError
from sync.rules.refusal import N_

Transport = Literal["none", "network", "file", "usb", "serial", "windows"]

# `ready`, `none` and `unasked` (nobody knows yet) print; everything else is why jobs wait.
PrinterState = Literal["none", "unasked", "ready", "offline", "silent", "paper", "cover", "error"]

_LABEL = r"[A-Za-z0-9_-]{1,63}"
_MOST_PORT = 65535
_ADDRESSES = {
    "network": re.compile(rf"{_LABEL}(\.{_LABEL})*\.?(:(?P<port>\d{{1,5}}))?"),
    "file": re.compile(r".+"),
    "usb": re.compile(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{4}"),
    "serial": re.compile(r".+"),
    "windows": re.compile(r".+"),
}


class PrinterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[printer]: how receipts reach paper; `transport = "none"` shows them on screen only.

    `address` is host or host:port for network, a path for file, vendor:product in hex for usb,
    a device for serial, a printer's name for windows. `width` is the paper's in mm.
    """

    transport: Transport = "none"
    address: str = ""
    width: Literal[58, 80] = 80
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=60)] = 3
    ask_status: bool = True
    silent_is_ready: bool = False
    drawer: bool = True
    font: str = ""

    def __post_init__(self) -> None:
        """Refuse an address that the transport cannot mean."""
        if self.transport != "none" and not _fits(self.transport, self.address):
            raise SettingError(
                "address",
                N_("“{address}” does not fit transport “{transport}”"),
                address=self.address,
                transport=self.transport,
            )


def _fits(transport: Transport, address: str) -> bool:
    match = _ADDRESSES[transport].fullmatch(address)
    port = match.groupdict().get("port") if match else None
    return match is not None and (port is None or 0 < int(port) <= _MOST_PORT)


# DLE EOT n: transmit real-time status (ESC/POS; n: 1 printer, 2 why offline, 4 paper sensor).
ASK_PRINTER, ASK_OFFLINE, ASK_PAPER = (bytes((0x10, 0x04, n)) for n in (1, 2, 4))
_FIXED_BITS, _FIXED_VALUE = 0x93, 0x12
_OFFLINE, _COVER, _PAPER_STOP, _PAPER_END = 0x08, 0x04, 0x20, 0x60


def is_status(answer: bytes) -> bool:
    """Tell whether a printer's answer is a status byte (bits 0, 1, 4 and 7 are fixed)."""
    return len(answer) == 1 and answer[0] & _FIXED_BITS == _FIXED_VALUE


def printer_state(printer: int, offline: int, paper: int) -> PrinterState:
    """Read the three status bytes: what, if anything, keeps the printer from printing."""
    if paper & _PAPER_END == _PAPER_END or offline & _PAPER_STOP:
        return "paper"
    if offline & _COVER:
        return "cover"
    return "error" if printer & _OFFLINE else "ready"
