"""Numbers as their papers print them, and how ours compare."""
