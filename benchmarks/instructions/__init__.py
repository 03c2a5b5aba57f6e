"""Count the instructions of one request, to find a regression that seconds would hide."""
