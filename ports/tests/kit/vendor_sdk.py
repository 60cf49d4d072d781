"""Stands for a vendor's heavy library."""
