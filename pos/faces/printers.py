"""Real printers by python-escpos: a fresh connection per document, its state asked, one send.

python-escpos is imported with the first document (it takes 0.2 s), and so are our own rules that
make the bytes it carries.
"""

from __future__ import annotations

import importlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from pos.faces.patient_file import PatientFile
from pos.rules.order import Order
from pos.rules.printer_settings import (
    ASK_OFFLINE,
    ASK_PAPER,
    ASK_PRINTER,
    PrinterSettings,
    PrinterState,
    is_status,
    printer_state,
)
from pos.services.printing import PrinterTrouble, PrintWorker, Session
from pos.stores.print_jobs import Document
from sync.rules.refusal import N_, Fault, Refused
from sync.services.till import OpenTill

DEFAULT_PORT = 9100
_ANSWERS = ("network", "serial")
_CONNECT = (*_ANSWERS, "usb")  # to connect shows that they are on, and leaves nothing behind


def make_worker(till: OpenTill) -> PrintWorker:
    """Put together the worker for the till's configured printer."""
    return PrintWorker(till, EscposPrinter(till.setup.settings.get(PrinterSettings)), _render)


def _render(till: OpenTill, order: Order, document: Document, *, copy: bool, drawer: bool) -> bytes:
    from pos.services.receipts import render

    return render(till, order, document, copy=copy, drawer=drawer)


class EscposPrinter(msgspec.Struct, frozen=True):
    """The configured printer; with transport `none` there is no paper."""

    settings: PrinterSettings

    @property
    def exists(self) -> bool:
        """Tell whether a printer is configured."""
        return self.settings.transport != "none"

    def ask(self) -> PrinterState:
        """Return how it stands; a file or spooler is only met with a document."""
        if self.settings.transport not in _CONNECT:
            return "unasked"
        with self.session():
            return "ready"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a connection and make sure that the printer answers as ready."""
        device = _opened(self.settings)
        try:
            connected = EscposSession(device, self.settings)
            state = connected.ask()
            if state != "ready":
                raise PrinterTrouble(state)
            yield connected
        finally:
            # What could not be written fails once more here, and is known by now.
            with suppress(*_failures(self.settings)):
                device.close()


class EscposSession(msgspec.Struct, frozen=True):
    """One open connection."""

    device: Any
    settings: PrinterSettings

    def ask(self) -> PrinterState:
        """Ask for the printer's state where it can answer."""
        if not self.settings.ask_status or self.settings.transport not in _ANSWERS:
            return "ready"
        states = []
        for question in (ASK_PRINTER, ASK_OFFLINE, ASK_PAPER):
            try:
                self.device._raw(question)
                answer = self.device._read()[:1]
            except TimeoutError:
                answer = b""
            except OSError:
                return "offline"
            if not is_status(answer):
                return "ready" if self.settings.silent_is_ready else "silent"
            states.append(answer[0])
        return printer_state(*states)

    def send(self, data: bytes) -> None:
        """Send a document; a printer that answers must still do so behind its last byte."""
        try:
            self.device._raw(data)
        except _failures(self.settings) as error:
            raise PrinterTrouble("offline") from error
        state = self.ask()
        if state in ("offline", "silent"):
            raise PrinterTrouble(state)


def _failures(settings: PrinterSettings) -> tuple[type[Exception], ...]:
    """Return what a device raises when it fails; Windows has an error of its own."""
    from escpos.exceptions import Error

    if settings.transport == "windows":
        return (Error, OSError, importlib.import_module("pywintypes").error)
    return (Error, OSError)


def _opened(settings: PrinterSettings) -> Any:
    """Open python-escpos's device: `PrinterTrouble` if it is off, `Fault` if a driver lacks."""
    from escpos.exceptions import Error

    try:
        device = _device(settings)
        match settings.transport:
            case "network":
                # The library's own open leaks the socket of a printer that is off.
                device.device = socket.create_connection(
                    (device.host, device.port), timeout=settings.timeout_s
                )
            case "file":
                # The library's own open truncates, and waits for ever: a receipt would be lost.
                device.device = PatientFile(settings.address, settings.timeout_s)
            case _:
                device.open()
    except (Error, OSError) as error:
        raise PrinterTrouble("offline") from error
    except RuntimeError as error:
        raise Fault(_no_driver(settings)) from error
    return device


def _device(settings: PrinterSettings) -> Any:
    from escpos import printer

    address, timeout_s = settings.address, settings.timeout_s
    match settings.transport:
        case "network":
            host, _, port = address.partition(":")
            return printer.Network(host, int(port or DEFAULT_PORT), timeout=timeout_s)
        case "usb":
            vendor, _, product = address.partition(":")
            return printer.Usb(int(vendor, 16), int(product, 16), timeout=timeout_s * 1000)
        case "serial":
            return printer.Serial(address, timeout=timeout_s)
        case "windows":
            return printer.Win32Raw(address)
        case _:
            return printer.File(address)


def _no_driver(settings: PrinterSettings) -> Refused:
    return Refused(
        "printer.no_driver",
        N_("The driver for {transport} printers is not installed."),
        N_("Install it: pip install 'xuanpin[{transport}]'."),
        {"transport": settings.transport},
    )
