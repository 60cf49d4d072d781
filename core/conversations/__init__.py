"""Contacts, their conversations and what is written in them."""
