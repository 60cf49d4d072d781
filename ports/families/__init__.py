"""One module a family of vendors. Families do not know each other."""
