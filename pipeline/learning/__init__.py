"""What deep methods are trained with: the loop, the networks, the shared losses."""
