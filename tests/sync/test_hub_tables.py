"""What tills send is kept by till: so that the hub's tables can be spread by till."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Table, UniqueConstraint

import xuanpin

TABLES = [
    table for package in xuanpin.PACKAGES for step in package.hub_steps() for table in step.tables
]
OF_THE_HUB = {  # written by enrolments, by people and by the hub itself, hardly ever by pushes
    "till",
    "certificate",
    "revocation",
    "invite",
    "act",
    "feed",
    "feed_row",  # of a center, or of all: a push may change the rows of members
    "hub_epoch",
    "opening",
    "token",
    "webhook",
    "webhook_told",
    "hub",
}
FROM_TILLS = [table for table in TABLES if table.name not in OF_THE_HUB]


@pytest.mark.parametrize("table", FROM_TILLS, ids=lambda table: str(table.name))
def test_the_till_is_in_every_unique_key(table: Table) -> None:
    keys = [{column.name for column in table.primary_key}]
    keys += [
        {column.name for column in constraint.columns}
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    keys += [{column.name for column in index.columns} for index in table.indexes if index.unique]
    assert all("till" in key for key in keys)
    assert not table.foreign_keys


def test_what_grows_with_sales_is_partitioned() -> None:
    partitioned = {
        table.name for table in TABLES if table.dialect_options["postgresql"]["partition_by"]
    }
    assert partitioned >= {"entry", "fork", "segment", "booking", "hub_order", "hub_member"}


def test_the_statements_for_citus_are_about_what_pushes_write() -> None:
    written = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    distributed = re.findall(r"create_distributed_table\('(\w+)', 'till'", written)
    assert sorted(distributed) == sorted(table.name for table in FROM_TILLS)


def test_every_declared_table_is_made_by_a_step() -> None:
    declared = {table for each in TABLES for table in each.metadata.tables.values()}
    assert declared == set(TABLES)
    assert len({table.name for table in TABLES}) == len(TABLES)
