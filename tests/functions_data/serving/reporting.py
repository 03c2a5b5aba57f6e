"""Says what it was told of its caller."""

import flask

from wherry import Context


def handle(request: flask.Request, context: Context):
    if request.path == "/big":
        return {"text": "x" * 100_000}
    return {
        "address": request.remote_addr,
        "url": request.url,
        "secure": request.is_secure,
        "headers": {name.lower(): value for name, value in request.headers},
        "body": request.get_data(as_text=True),
        "start_time_ns": context.start_time_ns,
        "protocol": request.environ["SERVER_PROTOCOL"],
    }
