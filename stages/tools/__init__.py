"""Commands that people call by hand."""
