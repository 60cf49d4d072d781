"""Files that the house keeps for its tenants."""
