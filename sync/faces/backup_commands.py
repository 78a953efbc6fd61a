"""`xuanpin sync backup | restore`: a copy of this machine's till or hub, and putting one back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from sync.backup_files import checked_manifest
from sync.faces.answers import accepted, answer, json_option, pass_setup
from sync.keys import has_hub_keys, has_till_keys
from sync.rules.days import china_time
from sync.rules.refusal import N_, Refused
from sync.services.backing_up import BackedUp, back_up_hub, back_up_till
from sync.services.restoring_till import RestoredTill, restore_till
from sync.services.till import open_till
from sync.setup import Setup
from sync.till_files import JOURNAL

if TYPE_CHECKING:
    from sync.services.restoring_hub import RestoredHub

Role = Literal["hub", "till"]
directory_argument = click.argument("directory", type=click.Path(path_type=Path))
database_option = click.option(
    "--database", default="", help="SQLAlchemy URL of the hub's database; else [hub] database."
)

_WITHOUT_REFERENCE = N_(
    "The reference data (goods, prices, members) is damaged and not in it: `xuanpin sync pull`"
    " fetches it anew."
)
_TO_LOOK_AT = N_(
    "Not recorded, so as in the backup: lists of goods, prices and staff (who left since is back),"
    " tokens and webhooks made since, webhooks removed since. Publish the lists again, and look at"
    " `xuanpin sync tokens` and `xuanpin sync webhooks`."
)
_NOTHING_RECORDED = N_(
    "There is no second medium: tills and cards that were revoked since the backup, and tokens"
    " that were withdrawn, are good again. Revoke and withdraw them anew."
)


@click.command("backup")
@directory_argument
@click.option(
    "--of",
    type=click.Choice(["hub", "till"]),
    default=None,
    help="What to back up; needed only where a till and a hub share a machine.",
)
@click.option("--with-keys", is_flag=True, help="The secret keys as well; then guard the backup.")
@database_option
@json_option
@pass_setup
def backup_command(
    setup: Setup,
    directory: Path,
    of: Role | None,
    with_keys: bool,
    database: str,
    as_json: bool,
) -> None:
    """Copy this till or this hub into a new directory, also while it is in use."""
    role = of or accepted(setup, _only_role(setup), as_json=as_json)
    back_up = _hub_backup if role == "hub" else _till_backup
    done = back_up(setup, directory, database, with_keys=with_keys, as_json=as_json)
    text = setup.say(
        "Backed up into {path}: {megabytes} MB.",
        path=done.directory,
        megabytes=f"{done.size / 1e6:.1f}",
    )
    if not done.keys:
        text += "\n" + setup.say("The secret keys are not in it: keep a copy of them elsewhere.")
    if not done.reference:
        text += "\n" + setup.say(_WITHOUT_REFERENCE)
    answer(text, msgspec.to_builtins(done), as_json=as_json)


@click.command("restore")
@directory_argument
@click.option(
    "--leave-unsent",
    is_flag=True,
    help="At a till: leave entries behind that are neither at the hub nor in the backup.",
)
@database_option
@json_option
@pass_setup
def restore_command(
    setup: Setup, directory: Path, leave_unsent: bool, database: str, as_json: bool
) -> None:
    """Put a backup of this till or this hub in force; what was there is kept beside it."""
    manifest = accepted(setup, checked_manifest(directory), as_json=as_json)
    done: RestoredTill | RestoredHub
    if manifest.role == "till":
        restored = restore_till(setup, directory, manifest, leave_unsent=leave_unsent)
        done = accepted(setup, restored, as_json=as_json)
        text = setup.say(
            "Till {till} is as it was on {moment}: {count} entries.",
            till=done.till,
            moment=_moment(done.made_ms),
            count=done.entries,
        )
    else:
        from sync.services.restoring_hub import restore_hub

        done = accepted(setup, restore_hub(setup, directory, manifest, database), as_json=as_json)
        text = setup.say(
            "The hub is as it was on {moment}, with every enrolment and revocation that is"
            " recorded; its tills send the rest again.",
            moment=_moment(done.made_ms),
        )
        text += "\n" + setup.say(_TO_LOOK_AT)
        if not setup.hub.second_medium:
            text += "\n" + setup.say(_NOTHING_RECORDED)
    if done.replaced:
        text += "\n" + setup.say("What was there before is in {path}.", path=done.replaced)
    answer(text, msgspec.to_builtins(done), as_json=as_json)


def _till_backup(
    setup: Setup, directory: Path, _database: str, *, with_keys: bool, as_json: bool
) -> BackedUp:
    with accepted(setup, open_till(setup, "read"), as_json=as_json) as till:
        done = back_up_till(till, directory, with_keys=with_keys)
    return accepted(setup, done, as_json=as_json)


def _hub_backup(
    setup: Setup, directory: Path, database: str, *, with_keys: bool, as_json: bool
) -> BackedUp:
    from sync.faces.hub_desk import opened_hub

    with opened_hub(setup, database, as_json=as_json, without_medium=True) as opened:
        done = back_up_hub(opened, directory, setup.clock.now_ms(), with_keys=with_keys)
    return accepted(setup, done, as_json=as_json)


def _only_role(setup: Setup) -> Role | Refused:
    """Say whether this machine is a till or a hub; refused if it is neither or both."""
    hub = has_hub_keys(setup.hub_directory)
    directory = setup.till_directory
    till = (directory / JOURNAL).is_file() or has_till_keys(directory)
    if hub != till:
        return "hub" if hub else "till"
    if hub:
        return Refused(
            "backup.which",
            N_("There are a hub and a till “{till}” in {path}."),
            N_("Say which: --of hub, or --of till."),
            {"till": setup.till.id, "path": setup.root},
        )
    return Refused(
        "backup.nothing",
        N_("There is neither a hub nor a till “{till}” in {path}."),
        N_("Check --till and [till] data_directory."),
        {"till": setup.till.id, "path": setup.root},
    )


def _moment(at_ms: int) -> str:
    return china_time(at_ms).strftime("%Y-%m-%d %H:%M")
