"""One file per method; base.py holds what they have in common."""
