"""Raw samples: one file per kind of sample."""
