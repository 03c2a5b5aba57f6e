"""Wherry's HTTP functions."""

import time

from flask import Request


def greet(request: Request):
    return f"hello {request.args['name']}\n"


def block(request: Request):
    time.sleep(0.01)
    return f"hello {request.args['name']}\n"
