"""Functions written for other frameworks, served as they are: one module for each framework."""

from wherry.adapters.adapter import Adapted, Adapter, Source
from wherry.adapters.finder import install
from wherry.adapters.registry import find, signatures

__all__ = ["Adapted", "Adapter", "Source", "find", "install", "signatures"]
