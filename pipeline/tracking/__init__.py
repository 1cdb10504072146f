"""Experiment trackers: finished cells and their scores for people to browse."""
