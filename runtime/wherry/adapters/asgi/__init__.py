"""ASGI applications: FastAPI, Starlette, Django, Quart, Litestar or a plain function."""

from wherry.adapters.asgi.applications import SIGNATURES, find

__all__ = ["SIGNATURES", "find"]
