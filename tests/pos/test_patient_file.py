"""A printer's file that takes nothing is trouble in time, and never a till that hangs."""

import os
from pathlib import Path

import pytest

from pos.faces.patient_file import PatientFile
from pos.faces.printers import EscposPrinter
from pos.rules.printer_settings import PrinterSettings
from pos.services.printing import PrinterTrouble

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "receipts"
    path.write_bytes(b"first ")
    file = PatientFile(str(path), 1)
    file.write(b"second")
    file.close()
    assert path.read_bytes() == b"first second"


@needs_pipes
def test_a_pipe_that_nobody_reads_is_a_printer_that_is_off(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    printer = EscposPrinter(PrinterSettings(transport="file", address=str(path)))
    with pytest.raises(PrinterTrouble, match="offline"), printer.session():
        pass


@needs_pipes
def test_a_device_that_takes_no_more_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    printer = EscposPrinter(PrinterSettings(transport="file", address=str(path), timeout_s=1))
    try:
        with printer.session() as session, pytest.raises(PrinterTrouble, match="offline"):
            session.send(bytes(1024 * 1024))
    finally:
        os.close(reader)
