"""What is trained: the plan, the pool, one cell, its fingerprint, the store of finished cells, tuning, costs."""
