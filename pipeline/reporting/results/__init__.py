"""Records as the cells of a comparison."""
