"""A project of one's own from a folder or a table: what it holds, what is trained on it, how long that takes."""
