"""What MRL publishes of its subset of INRIA-Websearch."""

SIZES = {"train": 9000, "valid": 1332, "test": 4366}
CLASSES = 100
