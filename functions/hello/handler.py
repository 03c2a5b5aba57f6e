"""Greet whoever asks: a plain HTTP function with Flask's request."""

from flask import Request


def handle(request: Request) -> dict[str, str]:
    """Greet `?name=`, or the world; a dict is answered as JSON."""
    return {"hello": request.args.get("name", "world")}
