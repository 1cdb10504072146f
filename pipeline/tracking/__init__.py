"""Experiment trackers, one file each: finished cells, their scores and the report for people to browse."""
