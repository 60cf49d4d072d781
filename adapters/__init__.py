"""Our machinery, one technology a folder; chosen once per deployment."""
