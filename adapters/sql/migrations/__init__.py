"""The history of the schema, forward only."""
