"""What this package declares: its settings, journal kinds, migrations and hub projections."""

from pos.rules.key_settings import CounterSettings, KeySettings
from pos.rules.order import SALE
from pos.rules.printer_settings import PrinterSettings
from pos.rules.settings import OrderLinkSettings, RoundingSettings, ScanSettings
from pos.rules.voided import CART_VOIDED
from pos.stores import carts, catalogue, orders, price_schedule, print_jobs
from sync.package import HubStep, Kind, Package, Projection, Section
from sync.rules.refusal import N_

SECTIONS = (
    Section("rounding", RoundingSettings),
    Section("scan", ScanSettings),
    Section("order_link", OrderLinkSettings),
    Section("printer", PrinterSettings),
    Section("counter", CounterSettings),
    Section("keys", KeySettings),
)

KINDS = (
    Kind(
        SALE,
        "A sale was completed; the body is the order, the amount what was paid.",
        N_("Sales"),
    ),
    Kind(
        CART_VOIDED,
        "An open basket was given up; the body says what was in it.",
        N_("Voided baskets"),
    ),
)


def _hub_steps() -> tuple[HubStep, ...]:
    from pos.stores.hub_orders import STEPS

    return STEPS


def _projections() -> tuple[Projection, ...]:
    from pos.stores.hub_orders import PROJECTIONS  # SQLAlchemy, which only a hub loads

    return PROJECTIONS


PACKAGE = Package(
    name="pos",
    sections=SECTIONS,
    kinds=KINDS,
    journal_migrations=(carts.MIGRATIONS, orders.MIGRATIONS, print_jobs.MIGRATIONS),
    reference_migrations=(catalogue.MIGRATIONS, price_schedule.MIGRATIONS),
    hub_steps=_hub_steps,
    projections=_projections,
)
