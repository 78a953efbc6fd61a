"""Which history the hub's database goes on from: changed by a failover, a restore, another one."""

from sqlalchemy import Connection, text

# The timeline of a server's control file is an older one until the checkpoint after a promotion;
# the name of the file that is being written is never behind. Any role may ask all of this.
_LINEAGE = text(
    "SELECT (SELECT system_identifier FROM pg_control_system())"
    " || '.' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
    " || '.' || (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def lineage_of(connection: Connection) -> str:
    """Return PostgreSQL's cluster, timeline and database as one text; "" on SQLite.

    A promoted standby and a recovery from archived WAL begin a new timeline; a dump that is
    restored is another database. A copy of the server's files that is started without any
    recovery looks like the original: `xuanpin sync restore` must tell.
    """
    if connection.dialect.name != "postgresql":
        return ""
    return str(connection.execute(_LINEAGE).scalar_one())


def is_standby(connection: Connection) -> bool:
    """Tell whether this is a PostgreSQL that only follows another one and takes no writes."""
    if connection.dialect.name != "postgresql":
        return False
    return bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one())
