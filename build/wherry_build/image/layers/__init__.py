"""Layers: files in a tar that is the same bytes for the same files, and what is in which."""
