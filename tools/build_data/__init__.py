"""Rebuilds the bundled data sets from public packages. See `README.md` beside this file."""
