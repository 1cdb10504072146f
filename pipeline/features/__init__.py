"""Raw sample -> feature vector: one file per extractor."""
