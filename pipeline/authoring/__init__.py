"""Tools for people who extend the project: the catalogue's tables, README's commands, the start of a new method."""
