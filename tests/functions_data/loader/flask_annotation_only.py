import flask


def handle(request: flask.Request):
    return request.method
