"""Speed beside the libraries a reader would otherwise use."""
