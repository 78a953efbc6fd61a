"""What this package declares: its settings, journal kinds, migrations and hub projections."""

from membership.rules.grant import KIND
from membership.rules.plan import PlanSettings
from membership.stores import members
from sync.package import HubStep, Kind, Package, Projection, Section

SECTIONS = (Section("plan", PlanSettings),)

KINDS = (Kind(KIND, "A PLUS membership was granted by a sale; the body names card and order."),)


def _hub_steps() -> tuple[HubStep, ...]:
    from membership.stores.hub_members import STEPS

    return STEPS


def _projections() -> tuple[Projection, ...]:
    from membership.stores.hub_members import PROJECTIONS  # SQLAlchemy, which only a hub loads

    return PROJECTIONS


PACKAGE = Package(
    name="membership",
    sections=SECTIONS,
    kinds=KINDS,
    journal_migrations=(members.MIGRATIONS,),
    reference_migrations=(members.REFERENCE_MIGRATIONS,),
    hub_steps=_hub_steps,
    projections=_projections,
)
