"""What the adapters beside it look things up in, and the scripts that made it (README.md)."""
