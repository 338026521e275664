"""A deployment's SQLite files as they were when it came up, and the way back to them while all its processes run.

The way back is one ordinary transaction a file: every row goes, the kept rows come. Open connections, their prepared
statements and the write-ahead log live on, as after any commit of another process. What a relay holds (its lease)
stays as it is, or it would stop and take its lease anew; the head of its stream goes back with the rows.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from infra.stream import GENESIS

BUSY_S = 5.0
LEASE = "streams"  # service, head_seq, head_hash, holder, held_until


def keep(live: Path, kept: Path) -> None:
    """Copy a file that processes have open."""
    kept.unlink(missing_ok=True)
    with _open(live) as source, _open(kept) as copy:
        source.backup(copy)


def restore(live: Path, kept: Path) -> None:
    """Give every table the rows that were kept; sqlite3.OperationalError when another writer does not let go."""
    with _open(live) as conn:
        conn.execute("PRAGMA synchronous=OFF")
        conn.execute("ATTACH ? AS kept", (str(kept),))
        conn.execute("BEGIN IMMEDIATE")
        # append-only tables refuse DELETE by a trigger; the triggers come back in the same commit
        triggers = conn.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _sql in triggers:
            conn.execute(f'DROP TRIGGER main."{name}"')
        for table in _tables(conn):
            if table == LEASE:
                head = "SELECT {0} FROM kept.streams AS k WHERE k.service = main.streams.service"
                conn.execute(
                    f"UPDATE main.streams SET head_seq = coalesce(({head.format('head_seq')}), 0), "
                    f"head_hash = coalesce(({head.format('head_hash')}), ?)",
                    (GENESIS,),  # a relay that had sent nothing yet
                )
                continue
            conn.execute(f'DELETE FROM main."{table}"')
            conn.execute(f'INSERT INTO main."{table}" SELECT * FROM kept."{table}"')
        for _name, sql in triggers:
            conn.execute(sql)
        conn.execute("COMMIT")


def _tables(conn: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND (name NOT LIKE 'sqlite_%' OR name = ?)"
    return [str(name) for (name,) in conn.execute(query, ("sqlite_sequence",))]


def _open(path: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None))
