"""What this package declares: its settings, journal kinds, migrations and hub projections."""

from pos.rules.settings import OrderLinkSettings, RoundingSettings, ScanSettings
from sync.package import Package, Section

SECTIONS = (
    Section("rounding", RoundingSettings),
    Section("scan", ScanSettings),
    Section("order_link", OrderLinkSettings),
)

PACKAGE = Package(name="pos", sections=SECTIONS)
