"""The house's rules for its own source: sizes, names, docstrings, money, transactions."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kiosk", "pos", "membership", "sync")
SOURCES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))
EVERYTHING = [*SOURCES, ROOT / "xuanpin.py", *sorted((ROOT / "tests").rglob("*.py"))]
MOST_LINES = 400
MOST_FUNCTION_LINES = 50
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_are_sources_to_judge() -> None:
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_no_file_is_long_and_each_says_what_it_is(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= MOST_LINES
    assert path.stem not in VAGUE_NAMES
    assert ast.get_docstring(ast.parse(text)), "a file's first line is its docstring"


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_function_is_long(path: Path) -> None:
    functions = (
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = [
        f"{function.name}: {length} lines"
        for function in functions
        if (length := (function.end_lineno or 0) - function.lineno + 1) > MOST_FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("path", [p for p in SOURCES if "rules" in p.parts], ids=named)
def test_no_float_comes_near_a_rule(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    floats = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    if path.name == "bursts.py":
        pytest.skip("keystroke times are seconds")
    assert floats == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_only_the_database_module_begins_and_commits(path: Path) -> None:
    if path == ROOT / "sync" / "database.py":
        pytest.skip("the one place")
    text = path.read_text("utf-8")
    begun = re.findall(
        r"\.commit\(|\.rollback\(|\.atomic\(|[\"']\s*(?:BEGIN|COMMIT|ROLLBACK)\b", text
    )
    assert begun == []


def test_locks_name_no_host_and_pin_every_package_with_hashes() -> None:
    for lock in (ROOT / "requirements.lock", ROOT / "requirements-dev.lock"):
        text = lock.read_text("utf-8")
        assert "://" not in text
        assert "index-url" not in text
        pins = re.findall(r"^[A-Za-z0-9._-]+==.*(?:\n    --hash=sha256:\S+.*)+", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE))
