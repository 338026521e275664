"""supervision's tables, and loads and saves by sets of ids."""

from services.supervision.store.tables import metadata

__all__ = ["metadata"]
