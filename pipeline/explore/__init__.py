"""Samples for people to look at: the retrieval viewer, suspected labels, search."""
