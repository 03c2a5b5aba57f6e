"""A function that fails in every way it can, with what nobody should see in each."""
# ruff: noqa: T201, TRY002, TRY301 - printing is one of the ways, raising all else another

import logging
import time

import flask

from wherry import Context, Refuse, http, stop


class Unsendable:
    """What no answer can be made of."""

    def __repr__(self) -> str:
        return "canary-result"


@http
def handle(request: flask.Request, context: Context):
    what = request.path.strip("/")
    if what == "raise":
        raise ValueError("canary-exception")
    if what == "chained":
        try:
            raise KeyError("canary-exception")
        except KeyError as error:
            raise RuntimeError("canary-exception") from error
    if what == "exit":
        raise SystemExit("canary-exception")
    if what == "base":
        raise BaseException("canary-exception")
    if what == "unsendable":
        return Unsendable()
    if what == "header":
        return "x", {"X-Bad": "canary-result\r\nSet-Cookie: a=b"}
    if what == "status":
        return "x", "canary-result"
    if what == "stream":
        return broken()
    if what == "json":
        return {"canary-result": object()}
    if what == "late":
        time.sleep(1)
    if what == "abort":
        flask.abort(418)
    if what == "refuse":
        raise Refuse(422, "asked for")
    if what == "body":
        return request.get_json()
    if what == "secret":
        token = context.secrets["token"]
        print("printed", token)
        logging.getLogger("app").warning("logged %s", token)
        raise ValueError(token)
    if what == "emit":  # the traceback has this line of the source, too
        context.emit(type="made", data=request.get_json())
    return "fine"


@stop
def end():
    raise OSError("canary-exception")


def broken():
    yield b"begun"
    raise ValueError("canary-exception")
