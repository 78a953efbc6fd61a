"""What this package declares: its settings, journal kinds, migrations and hub projections."""

from membership.rules.grant import KIND
from membership.rules.plan import PlanSettings
from membership.stores import members
from sync.package import Feed, HubStep, Kind, Package, Projection, Section
from sync.rules.refusal import N_

SECTIONS = (Section("plan", PlanSettings),)

KINDS = (
    Kind(
        KIND,
        "A PLUS membership was granted by a sale; the body names card and order.",
        N_("PLUS joins"),
    ),
)


def _hub_steps() -> tuple[HubStep, ...]:
    from membership.stores.hub_members import STEPS

    return STEPS


def _projections() -> tuple[Projection, ...]:
    from membership.stores.hub_members import PROJECTIONS  # SQLAlchemy, which only a hub loads

    return PROJECTIONS


def _feeds() -> tuple[Feed, ...]:
    from membership.rules import fed_member, revocation
    from membership.stores import fed
    from membership.stores.revocation_list import read_revocations

    return (
        Feed(
            fed_member.FEED,
            "Members of the center: their cards as the hub signed them, phones as keyed hashes.",
            N_("members"),
            per_center=True,
            apply=fed.apply_members,
            clear=fed.clear_members,
        ),
        Feed(
            revocation.FEED,
            "PLUS cards that are no longer good, by serial.",
            N_("revoked cards"),
            per_center=False,
            apply=fed.apply_revocations,
            clear=fed.clear_revocations,
            read=read_revocations,
            registered=True,
        ),
    )


PACKAGE = Package(
    name="membership",
    sections=SECTIONS,
    kinds=KINDS,
    journal_migrations=(members.MIGRATIONS,),
    reference_migrations=(members.REFERENCE_MIGRATIONS,),
    hub_steps=_hub_steps,
    projections=_projections,
    feeds=_feeds,
)
