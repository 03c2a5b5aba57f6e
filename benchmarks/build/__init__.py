"""From an edited line to an image that can be pulled: our builder beside the usual ways."""
