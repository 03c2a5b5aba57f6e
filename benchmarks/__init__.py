"""Benchmarks that print their figures and how they were had."""
