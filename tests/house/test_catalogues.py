"""Every sentence a person can be shown is an English message id with a Chinese translation."""

import string
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from xuanpin import front_door

ROOT = Path(__file__).parents[2]
PACKAGES = ("sync", "membership", "pos", "kiosk")
COMMAND_LINE = ROOT / "sync" / "locale" / "zh" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"N_": None, "say": None, "_say": None}


def catalogue_files() -> list[Path]:
    return sorted(path for name in PACKAGES for path in (ROOT / name / "locale").rglob("*.po"))


def ids(message: object) -> tuple[str, ...]:
    """Return a message as its singular, and its plural if it has one."""
    return tuple(message) if isinstance(message, list | tuple) else (str(message),)


def own_files() -> list[Path]:
    return [path for path in catalogue_files() if path != COMMAND_LINE]


def translations() -> dict[str, str]:
    merged: dict[str, str] = {}
    for path in own_files():
        with path.open("rb") as source:
            catalogue: Catalog = read_po(source)
        merged |= {str(m.id): str(m.string) for m in catalogue if m.id}
    return merged


def code_messages() -> set[str]:
    found = {
        str(message)
        for name in PACKAGES
        for _, _, message, _, _ in extract_from_dir(
            ROOT / name, method_map=[("**.py", "python"), ("**.j2", "jinja2")], keywords=KEYWORDS
        )
    }
    return found - {""}


def commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child)


def help_messages() -> set[str]:
    texts: set[str] = set()
    for command in commands(front_door):
        if command.help:
            texts.add(" ".join(command.help.split()))
        texts |= {p.help for p in command.params if isinstance(p, click.Option) and p.help}
    return texts


def test_every_message_is_translated() -> None:
    known = {message for message, translation in translations().items() if translation}
    assert sorted((code_messages() | help_messages()) - known) == []


def test_every_translation_is_used() -> None:
    builtin = {"Show the version and exit."}
    front_door_source = (ROOT / "xuanpin.py").read_text("utf-8")
    unused = {
        message
        for message in set(translations()) - code_messages() - help_messages() - builtin
        if message not in front_door_source
    }
    assert sorted(unused) == []


def test_what_the_command_line_library_is_given_it_says() -> None:
    """An update of the library that words a message otherwise would show it in English."""
    said = {
        str(each)
        for _, _, message, _, _ in extract_from_dir(
            Path(click.__file__).parent, method_map=[("**.py", "python")], options_map={}
        )
        for each in (message if isinstance(message, tuple) else (message,))
    }
    with COMMAND_LINE.open("rb") as source:
        given = {each for m in read_po(source) if m.id for each in ids(m.id)}
    assert sorted(given - said) == []


@pytest.mark.parametrize("path", catalogue_files(), ids=lambda p: f"{p.parts[-4]}-{p.stem}")
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    with path.open("rb") as source, path.with_suffix(".mo").open("rb") as compiled:
        written = {ids(m.id): ids(m.string) for m in read_po(source) if m.id}
        there = {ids(m.id): ids(m.string) for m in read_mo(compiled) if m.id}
    assert there == written, "run `make catalogues`"


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("path", own_files(), ids=lambda p: f"{p.parts[-4]}-{p.stem}")
def test_translations_fill_the_same_places(path: Path) -> None:
    with path.open("rb") as source:
        catalogue = read_po(source)
    for message in catalogue:
        assert not message.fuzzy or not message.id
        assert places(str(message.id)) == places(str(message.string)) or not message.id
