"""Samples that a person looks at: the retrieval viewer, suspected labels, search results, the bundle to take away."""
