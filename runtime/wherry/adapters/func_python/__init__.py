"""Functions written for Knative's func-python: `new()` or `handle(scope, receive, send)`."""

from wherry.adapters.func_python.functions import SIGNATURES, find

__all__ = ["SIGNATURES", "find"]
