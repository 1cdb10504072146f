"""Retrieval metrics: one file per metric."""
