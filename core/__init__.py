"""What we believe: decisions in plain Python, with time, ids and the outside handed in."""
