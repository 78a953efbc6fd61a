"""Stores: SQL over a database that somebody else opened; they never commit."""
