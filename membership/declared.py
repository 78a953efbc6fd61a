"""What this package declares: its settings, journal kinds, migrations and hub projections."""

from membership.rules.grant import KIND
from membership.rules.plan import PlanSettings
from membership.stores import members
from sync.package import Kind, Package, Section

SECTIONS = (Section("plan", PlanSettings),)

KINDS = (Kind(KIND, "A PLUS membership was granted by a sale; the body names card and order."),)

PACKAGE = Package(
    name="membership",
    sections=SECTIONS,
    kinds=KINDS,
    journal_migrations=(members.MIGRATIONS,),
    reference_migrations=(members.REFERENCE_MIGRATIONS,),
)
