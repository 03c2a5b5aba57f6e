"""The front: the platform's own HTTP doors, on the same edge that serves functions."""
