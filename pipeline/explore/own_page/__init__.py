"""The page of a dataset of one's own: which labels look wrong, how good retrieval is, what to do next."""
