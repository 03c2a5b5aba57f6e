"""A function that tells every caller what it was asked, and whoever asks what it has seen."""

import flask

SEEN: list[str] = []


def handle(request: flask.Request):
    if request.path == "/-/seen":
        return SEEN
    asked = f"{request.method} {request.environ['RAW_URI']} {len(request.get_data())}"
    SEEN.append(asked)
    return asked, {"Content-Type": "text/plain"}
