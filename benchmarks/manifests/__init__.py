"""Seconds to render a large project for every target, and to lint what was rendered."""
