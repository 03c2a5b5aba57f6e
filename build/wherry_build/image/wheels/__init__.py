"""Wheels for an image: which ones, from where, and what files they become."""
