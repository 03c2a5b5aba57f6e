"""What is called: the shortest function that reads its request."""

import flask

from wherry import http


@http
def handle(request: flask.Request) -> str:
    return f"hello {request.args.get('name')}\n"
