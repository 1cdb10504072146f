"""The retrieval viewer of a dataset."""
