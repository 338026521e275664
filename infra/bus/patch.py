"""Makes a process green before it imports anything else, and makes sure of it: psycopg 3, say, would block the hub."""

from __future__ import annotations


def patch() -> None:
    """Patch the standard library and psycopg2; RuntimeError when psycopg2 would block the hub."""
    import eventlet

    eventlet.monkey_patch()
    import psycopg2.extensions

    if psycopg2.extensions.get_wait_callback() is None:
        raise RuntimeError("psycopg2 has no wait callback: a query would stop every other green thread")
