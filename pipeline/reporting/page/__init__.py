"""The results page and everything else that the report stage writes."""
