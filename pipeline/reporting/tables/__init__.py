"""Tables of the report and the formats they are written in."""
