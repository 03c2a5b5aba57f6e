import flask


def handle(request: flask.Request):
    return flask.jsonify(name=request.args["name"])
