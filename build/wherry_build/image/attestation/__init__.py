"""What travels with an image besides itself: a list of its parts, and an account of its making."""
