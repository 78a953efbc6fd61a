"""What the ground floor declares: its settings; its journal kinds and migrations."""

from sync.package import Feed, HubStep, Kind, Package, Projection
from sync.rules.closing import DAY_CLOSED
from sync.rules.hub_clock import CLOCK_LOWERED
from sync.rules.refusal import N_
from sync.rules.revocation import FEED
from sync.rules.runs import CLOCK_JUMP, RUN_OPENED, SIGN_IN
from sync.setup import SECTIONS
from sync.stores import day_totals, feeds, pin_tries, revoked_tills, staff
from sync.stores.journal_tables import MIGRATIONS

KINDS = (
    Kind(
        RUN_OPENED,
        "A selling process started; the body names the parent entry.",
        N_("Till starts"),
    ),
    Kind(SIGN_IN, "A cashier began to work at the till.", N_("Sign-ins")),
    Kind(
        CLOCK_JUMP,
        "The wall clock moved by more than 24 hours on its own.",
        N_("Clock jumps"),
    ),
    Kind(
        CLOCK_LOWERED,
        "The hub's time was given up for this machine's, approved by a supervisor.",
        N_("Clocks lowered"),
    ),
    Kind(
        DAY_CLOSED,
        "A business day was closed; the body has its totals and the head before it.",
        N_("Day closings"),
    ),
)


def _hub_steps() -> tuple[HubStep, ...]:
    from sync.stores.hub_steps import STEPS  # SQLAlchemy, which only a hub loads

    return STEPS


def _projections() -> tuple[Projection, ...]:
    from sync.stores.hub_closings import PROJECTIONS  # SQLAlchemy, which only a hub loads

    return PROJECTIONS


def _feeds() -> tuple[Feed, ...]:
    from sync.rules import staff as staff_rules
    from sync.stores.staff_list import read_staff

    revoked = Feed(
        FEED,
        "Tills that were revoked, and up to which counter their cards are good.",
        N_("revoked tills"),
        per_center=False,
        apply=revoked_tills.apply,
        clear=revoked_tills.clear,
    )
    people = Feed(
        staff_rules.FEED,
        "Staff of the center: number, name, role, and a hash of the PIN.",
        N_("staff"),
        per_center=True,
        apply=staff.apply,
        clear=staff.clear,
        read=read_staff,
    )
    return (revoked, people)


PACKAGE = Package(
    name="sync",
    sections=SECTIONS,
    kinds=KINDS,
    journal_migrations=(MIGRATIONS, day_totals.MIGRATIONS, pin_tries.MIGRATIONS),
    reference_migrations=(feeds.MIGRATIONS, revoked_tills.MIGRATIONS, staff.MIGRATIONS),
    hub_steps=_hub_steps,
    projections=_projections,
    feeds=_feeds,
)
