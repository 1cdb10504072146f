"""The loop, its seeds, the store of finished cells and their tracking."""
