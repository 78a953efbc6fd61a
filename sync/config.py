"""One strict configuration file: found, read, and refused with file, key and nearest valid key."""

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
import platformdirs
from msgspec import structs

from sync.package import Section
from sync.rules.config_problems import EXPECTED_TABLE, SettingError, in_words, toml_problem
from sync.rules.refusal import N_, Fault, Refused, Words

ENVIRONMENT = "XUANPIN_CONFIG"
_TOO_DEEP = Words(N_("it is nested too deeply"))
T = TypeVar("T", bound=msgspec.Struct)


class Settings(msgspec.Struct, frozen=True):
    """The whole file, read: one struct per section, by the struct's type."""

    path: Path
    single: Mapping[type[msgspec.Struct], msgspec.Struct]
    keyed: Mapping[type[msgspec.Struct], Mapping[str, msgspec.Struct]]

    def get(self, section: type[T]) -> T:
        """Return a section's values; a section missing from the file has its defaults."""
        value = self.single[section]
        assert isinstance(value, section)
        return value

    def named(self, section: type[T]) -> dict[str, T]:
        """Return a keyed section's values by name, in the file's order."""
        found = self.keyed[section]
        return {name: value for name, value in found.items() if isinstance(value, section)}

    def having(self, changed: msgspec.Struct) -> "Settings":
        """Return the same settings with one single section replaced."""
        return Settings(self.path, {**self.single, type(changed): changed}, self.keyed)


def find(given: Path | None) -> Path:
    """Return the configuration file in force: given, environment, here, user's, packaged.

    A file that was named (`given` or the environment) must exist: raises `Fault`.
    """
    named = given or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is not None:
        if not named.is_file():
            raise Fault(
                Refused(
                    "config.missing",
                    N_("There is no configuration file {path}."),
                    N_("Check --config and {variable}."),
                    {"path": named, "variable": ENVIRONMENT},
                )
            )
        return named
    user = platformdirs.user_config_path("xuanpin") / "config.toml"
    for path in (Path("config.toml"), user):
        if path.is_file():
            return path
    return packaged()


def packaged() -> Path:
    """Return the documented default file, from the checkout or inside the wheel."""
    checkout = Path(__file__).parent.parent / "config.toml"
    return checkout if checkout.is_file() else Path(__file__).parent / "default_config.toml"


def read(path: Path, sections: Sequence[Section], *, strict: bool = True) -> Settings | Refused:
    """Read one TOML file; the refusal names file, key and the nearest valid key.

    A keyed section that is absent from the file is the packaged file's.
    Not `strict`, tables of other packages are passed over, for a caller that knows only some.
    """
    document = _document(path)
    if isinstance(document, Refused):
        return document
    by_name = {section.name: section for section in sections}
    for name in document:
        if strict and name not in by_name:
            return _unknown(path, name, name, list(by_name))
    single: dict[type[msgspec.Struct], msgspec.Struct] = {}
    keyed: dict[type[msgspec.Struct], dict[str, msgspec.Struct]] = {}
    for section in sections:
        raw = document.get(section.name, {})
        if section.keyed:
            absent = section.name not in document
            values = _packaged(section) if absent else _read_keyed(path, section, raw)
            if isinstance(values, Refused):
                return values
            keyed[section.type] = values
        else:
            value = _read_struct(path, section.name, section.type, raw)
            if isinstance(value, Refused):
                return value
            single[section.type] = value
    return Settings(path, single, keyed)


def _document(path: Path) -> dict[str, Any] | Refused:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except RecursionError:
        return _refused(path, N_("{path}: not a TOML file: {problem}."), problem=_TOO_DEEP)
    except ValueError as error:
        said = N_("{path}: not a TOML file: {problem}.")
        return _refused(path, said, problem=toml_problem(error))
    except OSError as error:
        return _refused(path, N_("{path}: cannot be read: {problem}."), problem=error.strerror)


def _packaged(section: Section) -> dict[str, msgspec.Struct] | Refused:
    path = packaged()
    document = _document(path)
    if isinstance(document, Refused):
        return document
    return _read_keyed(path, section, document.get(section.name, {}))


def _read_keyed(path: Path, section: Section, raw: object) -> dict[str, msgspec.Struct] | Refused:
    if not isinstance(raw, dict):
        return _bad(path, section.name, EXPECTED_TABLE)
    values: dict[str, msgspec.Struct] = {}
    for name, table in raw.items():
        value = _read_struct(path, f"{section.name}.{name}", section.type, table)
        if isinstance(value, Refused):
            return value
        values[name] = value
    return values


def _read_struct(
    path: Path, where: str, kind: type[msgspec.Struct], raw: Any
) -> msgspec.Struct | Refused:
    unknown = _unknown_key(path, where, kind, raw)
    if unknown is not None:
        return unknown
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        said = str(error)
        problem, found, place = said.rpartition(" - at `$")
        problem = problem if found else said
        place = place if found else ""
        where += place.rstrip("`")
        if isinstance(error.__cause__, SettingError):
            return _bad(path, f"{where}.{error.__cause__.key}", error.__cause__.words)
        return _bad(path, where, in_words(problem, _choices(kind, place.strip(".`"))))


def _choices(kind: Any, place: str) -> tuple[str, ...]:
    """Return what the key at a place like `cash` may be set to; nothing where all is allowed."""
    for name in place.split("."):
        types = {field.encode_name: field.type for field in structs.fields(kind)}
        kind = types.get(name)
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            break
    return tuple(map(str, get_args(kind))) if get_origin(kind) is Literal else ()


def _unknown_key(path: Path, where: str, kind: Any, raw: Any) -> Refused | None:
    if isinstance(raw, list) and get_args(kind):
        inside = (
            _unknown_key(path, f"{where}[{place}]", get_args(kind)[0], value)
            for place, value in enumerate(raw)
        )
        return next((each for each in inside if each is not None), None)
    if not isinstance(raw, dict) or not isinstance(kind, type):
        return None
    if not issubclass(kind, msgspec.Struct):
        return None
    fields = {field.encode_name: field.type for field in structs.fields(kind)}
    for key, value in raw.items():
        if key not in fields:
            return _unknown(path, f"{where}.{key}", key, list(fields))
        deeper = _unknown_key(path, f"{where}.{key}", fields[key], value)
        if deeper is not None:
            return deeper
    return None


def _unknown(path: Path, where: str, key: str, valid: list[str]) -> Refused:
    nearest = difflib.get_close_matches(key, valid, n=1, cutoff=0.5)
    hint = N_("Did you mean “{nearest}”?") if nearest else N_("Valid here: {valid}.")
    return Refused(
        "config.unknown_key",
        N_("{path}: unknown key {key}."),
        hint,
        {"path": path, "key": where, "nearest": "".join(nearest), "valid": ", ".join(valid)},
    )


def _bad(path: Path, key: str, problem: Words | str) -> Refused:
    return Refused(
        "config.bad_value",
        N_("{path}: bad value for {key}: {problem}."),
        N_("See the comments in the packaged config.toml."),
        {"path": path, "key": key, "problem": problem},
    )


def _refused(path: Path, message: str, **values: object) -> Refused:
    return Refused("config.unreadable", message, "", {"path": path, **values})
