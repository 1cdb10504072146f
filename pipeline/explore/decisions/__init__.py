"""What people decide about suspected labels, and what that gains."""
