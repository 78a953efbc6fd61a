"""What tills send is kept by till: so that the hub's tables can be spread by till."""

import pytest
from sqlalchemy import Table, UniqueConstraint

import xuanpin
from sync.stores import hub_tables

PROJECTED = [
    table for p in xuanpin.PACKAGES for projection in p.projections() for table in projection.tables
]
FROM_TILLS = [
    hub_tables.RUN,
    hub_tables.ENTRY,
    hub_tables.FORK,
    hub_tables.SEGMENT,
    hub_tables.BOOKING,
    hub_tables.ALARM,
    *PROJECTED,
]


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


def test_every_table_is_either_about_a_tills_entries_or_about_enrolment() -> None:
    assert set(hub_tables.METADATA.tables.values()) - set(FROM_TILLS) == {
        hub_tables.TILL,
        hub_tables.CERTIFICATE,
        hub_tables.INVITE,
    }


def test_sales_and_memberships_are_booked() -> None:
    assert {table.name for table in PROJECTED} >= {"hub_order", "hub_member"}
