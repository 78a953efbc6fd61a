"""A command, a setting or a journal kind that is not documented fails here."""

import re
import tomllib
from pathlib import Path

import click
import pytest
from msgspec import structs

from sync import config
from sync.package import Section
from sync.rules.refusal import Refused
from xuanpin import PACKAGES, front_door

ROOT = Path(__file__).parents[2]


def command_names() -> list[str]:
    names = []
    context = click.Context(front_door)
    for group_name in front_door.list_commands(context):
        group = front_door.get_command(context, group_name)
        assert isinstance(group, click.Group)
        names += [f"xuanpin {group_name} {name}" for name in group.list_commands(context)]
    return names


@pytest.mark.parametrize("name", command_names())
def test_every_command_is_documented(name: str) -> None:
    assert f"`{name}" in (ROOT / "docs" / "commands.md").read_text("utf-8")


@pytest.mark.parametrize("kind", [kind.name for p in PACKAGES for kind in p.kinds])
def test_every_journal_kind_is_documented(kind: str) -> None:
    assert f"`{kind}`" in (ROOT / "docs" / "journal.md").read_text("utf-8")


SECTIONS = [section for package in PACKAGES for section in package.sections]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_setting_stands_in_the_packaged_file_with_its_default(
    section: Section,
) -> None:
    text = (ROOT / "config.toml").read_text("utf-8")
    document = tomllib.loads(text)
    assert section.name in document
    tables = document[section.name].values() if section.keyed else [document[section.name]]
    for table in tables:
        for field in structs.fields(section.type):
            assert field.encode_name in table, f"{section.name}.{field.encode_name}"


def test_the_packaged_file_changes_no_default() -> None:
    read = config.read(ROOT / "config.toml", SECTIONS)
    assert not isinstance(read, Refused)
    for section in SECTIONS:
        if not section.keyed:
            assert read.get(section.type) == section.type(), section.name


def test_the_map_names_every_source_file() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+/[\w/]+\.(?:py|tcss))`", text))
    there = {
        str(path.relative_to(ROOT))
        for package in ("sync", "membership", "pos", "kiosk")
        for path in (ROOT / package).rglob("*.py")
        if path.stem != "__init__"
    }
    assert sorted(there - named) == []
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []
