"""Cross-modal retrieval with noisy labels: the library behind the stages."""
