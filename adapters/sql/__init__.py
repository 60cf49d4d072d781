"""PostgreSQL: tables, stores, the unit of work and migrations."""
