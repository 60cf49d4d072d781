"""What we owe vendors, and what to do when they do not take it."""
