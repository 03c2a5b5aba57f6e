"""What functions have written: a line each, with its time, replica and call."""
