from flask import Request, current_app, g, jsonify, make_response
from flask import request as current


def handle(request: Request):
    before = g.get("seen")
    g.seen = True
    body = jsonify(path=current.path, before=before, app=current_app.name, same=current.path)
    return make_response(body, 201)
