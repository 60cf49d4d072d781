"""The vault: settings sealed under a data key of the tenant's, which a master key wraps."""
