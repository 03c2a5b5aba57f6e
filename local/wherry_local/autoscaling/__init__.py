"""How many replicas a function has: what is measured, what follows from it, and who acts on it."""
