"""Records -> tables, figures and the page."""
