"""Ids, errors, the actor and the unit of work."""
