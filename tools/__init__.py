"""Scripts that build the book's notebooks and data files; each runs from the Makefile."""
