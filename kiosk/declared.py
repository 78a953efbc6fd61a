"""What this package declares: its settings, journal kinds, migrations and hub projections."""

from sync.package import Package

PACKAGE = Package(name="kiosk")
