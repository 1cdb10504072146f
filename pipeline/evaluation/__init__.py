"""Scores of finished cells, and the statistics that compare methods."""
