"""Webhooks: taken in first, read afterwards."""
