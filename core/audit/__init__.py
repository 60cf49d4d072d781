"""What happened, who did it, and what it was before."""
