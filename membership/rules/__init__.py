"""Rules: pure functions and frozen values; no I/O, no clock, no database, no UI."""
