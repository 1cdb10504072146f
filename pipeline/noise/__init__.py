"""Clean labels -> noisy labels with a receipt: one file per noise kind."""
