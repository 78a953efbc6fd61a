"""At run time, importing every rule loads neither a database nor a screen nor a network client."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTER = (
    "sqlite3",
    "pysqlite3",
    "sqlite_utils",
    "textual",
    "sqlalchemy",
    "fastapi",
    "httpx2",
    "click",
)


def loaded_by(modules: list[str]) -> set[str]:
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(' '.join(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(run.stdout.split())


def test_rules_load_no_io() -> None:
    rules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for floor in ("sync", "membership", "pos")
        for path in sorted((ROOT / floor / "rules").glob("*.py"))
        if path.stem != "__init__"
    ]
    assert len(rules) > 20
    assert loaded_by(rules).isdisjoint(OUTER)


def test_the_front_door_loads_no_screen_and_no_web_server() -> None:
    loaded = loaded_by(["xuanpin"])
    assert loaded.isdisjoint({"textual", "fastapi", "uvicorn", "sqlalchemy", "escpos", "pypinyin"})


def test_the_hub_never_loads_textual() -> None:
    assert "textual" not in loaded_by(["xuanpin", "sync.faces.hub_commands", "sync.faces.hub_api"])
