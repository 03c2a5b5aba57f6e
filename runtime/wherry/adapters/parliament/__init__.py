"""Functions written for parliament: `def main(context)` in func.py."""

from wherry.adapters.parliament.functions import SIGNATURES, find

__all__ = ["SIGNATURES", "find"]
