"""The doorbell and its workers. Redis may be lost at any time: PostgreSQL knows what is owed."""
