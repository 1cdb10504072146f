"""The nouns of the project and what every room needs: errors, seeds, whole files, plug-ins, progress."""
