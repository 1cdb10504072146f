"""The training labels that look wrong."""
