"""The local platform, measured."""
