"""The agent: one turn reads, gathers, decides, and answers from evidence or hands over."""
