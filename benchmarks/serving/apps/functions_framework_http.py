"""functions-framework's HTTP functions."""

import time

import flask
import functions_framework


@functions_framework.http
def greet(request: flask.Request):
    return f"hello {request.args['name']}\n"


@functions_framework.http
def block(request: flask.Request):
    time.sleep(0.01)
    return f"hello {request.args['name']}\n"
