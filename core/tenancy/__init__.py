"""Tenants, their keys and flags, and the vendors they have switched on."""
