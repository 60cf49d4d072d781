"""The way out: every call to a vendor goes through here."""
