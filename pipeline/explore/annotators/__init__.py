"""Several people's labels of the same samples: who is right how often, and what is the true class."""
