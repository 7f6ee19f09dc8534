"""PostgreSQL: the only door to asyncpg. One file per noun; `open_store` opens them all."""

from actors.store.store import Store, open_store

__all__ = ["Store", "open_store"]
