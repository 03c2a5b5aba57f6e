"""Functions written for other frameworks, served as they are: one module for each framework."""

from wherry.adapters.adapter import Adapted, Adapter, Source

__all__ = ["Adapted", "Adapter", "Source"]
