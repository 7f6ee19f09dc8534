"""PostgreSQL, the only door to asyncpg."""
