"""PostgreSQL's own measure, beside which ours stand."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from infra.local.postgres import Postgres

SECONDS = 10


def tpc_b(postgres: Postgres) -> float:
    """Transactions of TPC-B a second, scale 10, 8 clients."""
    if "pgbench" not in postgres.databases():
        postgres.create_database("pgbench")
    url = postgres.uri("pgbench").replace("+psycopg2", "")
    program = shutil.which("pgbench") or str(next(Path("/usr/lib/postgresql").glob("*/bin/pgbench")))
    subprocess.run([program, "-q", "-i", "-s", "10", url], check=True, capture_output=True)
    command = [program, "-c", "8", "-j", "2", "-T", str(SECONDS), url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found.group(1))
