"""Search with a trained model, and the bundle that takes it elsewhere."""
