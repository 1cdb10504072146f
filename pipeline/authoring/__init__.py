"""Tools for people who extend the project: README's tables, the start of a new method."""
