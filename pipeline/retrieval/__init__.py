"""Ranking by similarity: pure functions of arrays that read and write no files."""
