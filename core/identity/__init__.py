"""Who somebody is, and how they prove it.

A person is a tenant of one: account, factors, devices and their own log stand behind a wall of
their own, which no seller's work can see. What a seller decides about its people (members, roles,
policies, connections, sessions) stands behind the seller's wall.
"""
