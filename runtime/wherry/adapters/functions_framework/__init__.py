"""Functions written for functions_framework: its decorators, and how its functions are served."""

from wherry.adapters.functions_framework.target import SIGNATURES, find

__all__ = ["SIGNATURES", "find"]
