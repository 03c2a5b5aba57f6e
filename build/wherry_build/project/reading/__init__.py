"""Reads `wherry.yaml`: text, a tree with positions, the overlay of an environment, the model."""
