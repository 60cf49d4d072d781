"""Orders, parcels and returns as we see them."""
