"""What every command is handed: settings, language, clock, and where things are kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs
from msgspec import structs

from sync.clock import Clock
from sync.config import Settings
from sync.language import Language
from sync.package import Package, Section
from sync.rules.config_problems import SettingError, check_name
from sync.rules.hub_address import is_hub_address
from sync.rules.refusal import N_, Refused


def _check_path(key: str, given: str) -> None:
    try:
        Path(given).expanduser()
    except RuntimeError:
        said = N_("the home directory in “{path}” is not known here")
        raise SettingError(key, said, path=given) from None
    if "\0" in given:
        raise SettingError(key, N_("“{path}” cannot be a directory"), path=given)


class TillSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[till]: which till this is and where it keeps its data."""

    id: str = "ZZ-01"
    center: str = "zhengzhou"
    cashier: str = "01"
    data_directory: str = ""

    def __post_init__(self) -> None:
        """Refuse a name of several lines, and a directory that no path can name."""
        check_name("cashier", self.cashier)
        _check_path("data_directory", self.data_directory)


class CenterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[centers.NAME]: a product selection center, as its receipts name it."""

    number: int
    name_zh: str
    name_en: str
    address_zh: str = ""
    address_en: str = ""
    return_policy_zh: str = ""
    return_policy_en: str = ""

    def __post_init__(self) -> None:
        """Refuse a name of several lines."""
        check_name("name_zh", self.name_zh)
        check_name("name_en", self.name_en)


class HubSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[hub]: where the hub answers (for tills), and where it listens (for the hub itself)."""

    url: str = ""
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8000
    database: str = ""
    partitions: Annotated[int, msgspec.Meta(ge=1, le=256)] = 16
    log: Literal["text", "json"] = "text"
    metrics: Literal["loopback", "anyone", "nobody"] = "loopback"
    summary: Literal["loopback", "nobody"] = "loopback"
    drain_s: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0
    push_every_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 5
    pull_every_s: Annotated[int, msgspec.Meta(ge=5, le=86400)] = 60
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=120)] = 10
    second_medium: str = ""
    ca: str = ""
    tls_certificate: str = ""
    tls_key: str = ""

    def __post_init__(self) -> None:
        """Refuse an address at which no hub can be, and half of what TLS needs."""
        if self.url and not is_hub_address(self.url):
            raise SettingError("url", N_("“{url}” is not the address of a hub"), url=self.url)
        for key in ("second_medium", "ca", "tls_certificate", "tls_key"):
            _check_path(key, getattr(self, key))
        if bool(self.tls_certificate) != bool(self.tls_key):
            missing = "tls_key" if self.tls_certificate else "tls_certificate"
            raise SettingError(missing, N_("TLS needs tls_certificate and tls_key"))


class UiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[ui]: the language and theme that screens and receipts start with."""

    language: Literal["zh", "en"] = "zh"
    theme: Literal["dark", "light"] = "dark"


SECTIONS = (
    Section("till", TillSettings),
    Section("centers", CenterSettings, keyed=True),
    Section("hub", HubSettings),
    Section("ui", UiSettings),
)


class Setup(msgspec.Struct, frozen=True):
    """The composition handed down by the front door; `root` is the data directory."""

    settings: Settings
    packages: tuple[Package, ...]
    say: Language
    clock: Clock
    root: Path
    demo: bool = False

    @property
    def till(self) -> TillSettings:
        """The [till] section, with `--till` and `--center` applied."""
        return self.settings.get(TillSettings)

    @property
    def hub(self) -> HubSettings:
        """The [hub] section."""
        return self.settings.get(HubSettings)

    @property
    def till_directory(self) -> Path:
        """Where this till keeps journal.db, reference.db, its key and its selling lock."""
        return self.root / "tills" / self.till.id

    @property
    def hub_directory(self) -> Path:
        """Where a hub on this machine keeps its database and keys."""
        return self.root / "hub"

    def place(self, given: str) -> Path:
        """Return a path from the settings; a relative one starts where their file is."""
        return self.settings.path.absolute().parent / Path(given).expanduser()

    def center(self) -> CenterSettings | Refused:
        """Return this till's center, or a refusal that lists the configured ones."""
        centers = self.settings.named(CenterSettings)
        where = f"{self.settings.path}: till.center"
        found = centers.get(self.till.center)
        return found or no_such_center(where, self.till.center, list(centers))


_DESCRIBE_IT = N_("None is configured: describe it under [centers], or leave [centers] out.")


def no_such_center(where: str, center: str, known: Sequence[str]) -> Refused:
    """Refuse a center that is not configured; `where` is the key or option that names it."""
    return Refused(
        "config.unknown_center",
        N_("{path}: there is no center “{center}”."),
        N_("Configured centers: {known}.") if known else _DESCRIBE_IT,
        {"path": where, "center": center, "known": ", ".join(known)},
    )


def demonstrated(setup: Setup) -> Setup:
    """Return the same program as a demo: a directory, till and hub of its own, never the real."""
    if setup.demo:
        return setup
    till = structs.replace(setup.till, id=f"DEMO-{setup.till.center}")
    plain = dict.fromkeys(
        ("url", "database", "second_medium", "ca", "tls_certificate", "tls_key"), ""
    )
    hub = structs.replace(setup.hub, **plain)
    settings = setup.settings.having(till).having(hub)
    return structs.replace(setup, settings=settings, root=setup.root / "demo", demo=True)


def data_root(settings: Settings) -> Path:
    """Return the data directory: the file's, else the platform's (`XDG_DATA_HOME` moves it).

    A relative one starts where the file is, not where the command is typed.
    """
    given = settings.get(TillSettings).data_directory
    if not given:
        return platformdirs.user_data_path("xuanpin")
    return settings.path.absolute().parent / Path(given).expanduser()
