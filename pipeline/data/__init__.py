"""Where samples come from: one file per dataset."""
