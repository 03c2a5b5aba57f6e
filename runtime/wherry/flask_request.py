"""A `flask.Request` from a request that has been read already, and flask's context around a call.

The WSGI environ is prepared beforehand and filled with what the request has, in a few
microseconds and without flask's routing. The context (`flask.request`, `g`, `current_app`, and so
`jsonify` and its like) costs some 15 more, so only handlers whose module uses it have one. This
module and `flask_app` are the only ones that import flask; it must not know handlers.
"""

from __future__ import annotations

import inspect
import io
import json
import sys
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote_to_bytes

import flask
from flask.ctx import RequestContext
from flask.sessions import NullSession
from jinja2 import FileSystemLoader
from werkzeug.datastructures import EnvironHeaders, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.local import LocalProxy

from wherry import content_coding, streams
from wherry.errors import PayloadError
from wherry.nesting import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import WSGIEnvironment

    from wherry.request import Request

_KEYS_LIMIT = 1_024
_NAME_CHARS_LIMIT = 64
_CONTEXT_NAMES = frozenset(
    {
        "after_this_request", "copy_current_request_context", "current_app", "flash", "g",
        "get_flashed_messages", "has_app_context", "has_request_context", "jsonify",
        "make_response", "render_template", "render_template_string", "request", "send_file",
        "send_from_directory", "session", "stream_template", "stream_template_string",
        "stream_with_context", "url_for",
    }
)  # fmt: skip
_BASE: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
}
_SERVER = ("localhost", 80)
_keys: dict[bytes, str] = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class _Json:
    """JSON as flask reads it, but for what should be refused: NaN, and nesting past 64."""

    @staticmethod
    def loads(text: str | bytes, **options: Any) -> Any:
        try:
            value = json.loads(text, parse_constant=_refuse_constant, **options)
            if len(text) > 2 * MAX_DEPTH:
                from wherry import typed  # few bodies are as long

                typed.check_depth(value)
        except (RecursionError, PayloadError):
            raise ValueError("nests too deep") from None
        return value

    dumps = staticmethod(flask.json.dumps)


if TYPE_CHECKING:
    from functools import cached_property as once
else:

    class once:  # noqa: N801 - it is used as what it stands for
        """`functools.cached_property` without its lock, which costs more than what it guards."""

        def __init__(self, make: Callable[[Any], Any]) -> None:
            self._make = make
            self._name = make.__name__
            self.__doc__ = make.__doc__

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._make(instance)
            return value


class FunctionRequest(flask.Request):
    """The request that a handler gets; hostile JSON is a 400 rather than an error of its own.

    Made from a `Request` and not from an environ: the environ and the headers are built when the
    handler first looks at them, which many never do, and that halves the cost of a call.
    """

    json_module = _Json
    server = _SERVER
    root_path = ""
    shallow = False

    def __init__(self, request: Request) -> None:  # deliberately not calling super
        self._request = request

    @once
    def method(self) -> str:  # type: ignore[override]
        """The method token."""
        return self._request.method

    @once
    def scheme(self) -> str:  # type: ignore[override]
        """`http`, or what a trusted proxy says."""
        origin = self._request.origin
        return "http" if origin is None else origin.scheme

    @once
    def remote_addr(self) -> str | None:  # type: ignore[override]
        """The caller's address: of the connection, or what a trusted proxy says."""
        origin = self._request.origin
        return self._request.peer if origin is None else origin.address

    @once
    def path(self) -> str:  # type: ignore[override]
        """The path, decoded."""
        path = self._request.path
        if "%" in path:
            path = unquote_to_bytes(path).decode("utf-8", "replace")
        return "/" + path.lstrip("/")

    @once
    def query_string(self) -> bytes:  # type: ignore[override]
        """The query as sent."""
        return self._request.query.encode("latin-1")

    @once
    def args(self) -> MultiDict[str, str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The query's names and values; one that holds nothing encoded is split and no more."""
        query = self._request.query
        if "%" in query or "+" in query:
            return super().args
        values: dict[str, list[str]] = {}
        for pair in query.split("&"):
            if not pair:
                continue
            name, _, value = pair.partition("=")
            if name in values:
                values[name].append(value)
            else:
                values[name] = [value]
        args: MultiDict[str, str] = ImmutableMultiDict()
        dict.update(args, values)  # its own constructor would look at each once more
        return args

    @once
    def environ(self) -> WSGIEnvironment:  # type: ignore[override]
        """The WSGI environ (PEP 3333)."""
        return environ_of(self._request)

    @once
    def headers(self) -> EnvironHeaders:  # type: ignore[override]
        """The headers, without those that an environ cannot tell apart."""
        return EnvironHeaders(self.environ)

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """What `get_json` does with a body that is no JSON: 415 where its coding is the reason."""
        if e is not None and content_coding.is_coded(self._request):
            raise UnsupportedMediaType(content_coding.DETAIL)
        return super().on_json_loading_failed(e)


class _Application(flask.Flask):
    """What `current_app` is inside a handler; it has no routes, so nothing is matched."""

    def create_url_adapter(self, request: flask.Request | None) -> None:  # noqa: ARG002
        """None: a function has no routes, and making an adapter costs more than the call."""
        return


def environ_of(request: Request) -> dict[str, Any]:
    """The WSGI environ of `request` (PEP 3333).

    Header names with an underscore are left out: in an environ no one could tell them from those
    with a dash.
    """
    environ = _BASE.copy()
    path = request.path
    environ["REQUEST_METHOD"] = request.method
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
    environ["QUERY_STRING"] = request.query
    environ["SERVER_PROTOCOL"] = f"HTTP/{request.http_version}"
    environ["REMOTE_ADDR"] = request.peer
    for name, value in request.headers:
        key = _keys.get(name) or _key(name)
        if key in environ:
            _repeat(environ, key, value)
        elif key:
            environ[key] = value.decode("latin-1")
    origin = request.origin
    if origin is not None:
        environ["REMOTE_ADDR"] = origin.address
        environ["wsgi.url_scheme"] = origin.scheme
        if origin.host is not None:
            environ["HTTP_HOST"] = origin.host
    stream = streams.watched(request)
    if isinstance(stream, streams.BodyStream):
        environ["wsgi.input"] = io.BufferedReader(streams.BodyFile(stream), 65_536)
    else:
        environ["wsgi.input"] = io.BytesIO(request.body)
        environ["CONTENT_LENGTH"] = str(len(request.body))
    environ["RAW_URI"] = f"{path}?{request.query}" if request.query else path
    return environ


def flask_request(request: Request, _event: object = None) -> FunctionRequest:
    """The `flask.Request` of `request`."""
    return FunctionRequest(request)


def add_templates(folder: Path) -> None:
    """Let `render_template` find what is in `folder`, after the working folder's templates."""
    loader = _application.jinja_loader
    if isinstance(loader, FileSystemLoader) and str(folder) not in loader.searchpath:
        loader.searchpath.append(str(folder))


class FlaskContext:
    """Flask's application and request context around one call; `g` is new in each."""

    __slots__ = ("_context",)

    def __init__(self, request: Request, arguments: Iterable[Any]) -> None:
        taken = next((each for each in arguments if isinstance(each, flask.Request)), None)
        self._context = _context(taken if taken is not None else flask_request(request))

    def __enter__(self) -> None:
        self._context.push()

    def __exit__(self, *error: object) -> None:
        self._context.pop(None)


def uses_flask(namespace: dict[str, Any]) -> bool:
    """Whether code in the module of `namespace`, or in one beside it, needs flask's context."""
    if _names_flask(namespace):
        return True
    file = namespace.get("__file__")
    if file is None:
        return False
    # As text: there may be thousands of modules, and start-up is waited for.
    folder = str(file).rpartition("/")[0]
    beside = [
        vars(module)
        for module in list(sys.modules.values())
        if str(getattr(module, "__file__", None) or "").rpartition("/")[0] == folder
    ]
    return any(_names_flask(each) for each in beside)


def _names_flask(namespace: dict[str, Any]) -> bool:
    values = list(namespace.values())
    if any(_is_of_flask(value) for value in values):
        return True
    if not any(value is flask or value is flask.json for value in values):
        return False
    codes = [value.__code__ for value in values if isinstance(value, FunctionType)]
    codes += [
        each.__code__
        for value in values
        if isinstance(value, type) and value.__module__ == namespace.get("__name__")
        for each in vars(value).values()
        if isinstance(each, FunctionType)
    ]
    return any(_mentions(code) for code in codes)


def _is_of_flask(value: object) -> bool:
    if type(value) is LocalProxy:
        return True
    return isinstance(value, FunctionType) and (value.__module__ or "").split(".")[0] == "flask"


def _mentions(code: CodeType) -> bool:
    if not _CONTEXT_NAMES.isdisjoint(code.co_names):
        return True
    return any(_mentions(each) for each in code.co_consts if isinstance(each, CodeType))


def _context(request: flask.Request) -> RequestContext:
    return _new_context(request)


if "environ" in inspect.signature(RequestContext).parameters:

    def _new_context(request: flask.Request) -> RequestContext:
        return RequestContext(_application, request.environ, request=request, session=_session)

else:  # pragma: no cover - flask 3.2 made the two contexts one

    def _new_context(request: flask.Request) -> RequestContext:
        return RequestContext(_application, request=request, session=_session)  # type: ignore[call-arg]


def _key(name: bytes) -> str:
    text = name.decode("latin-1").lower()
    known = _keys.get(text.encode("latin-1"))
    if known is not None:
        key = known
    else:
        key = "" if "_" in text else "HTTP_" + text.upper().replace("-", "_")
    if len(_keys) < _KEYS_LIMIT and len(name) <= _NAME_CHARS_LIMIT:
        _keys[name] = key
    return key


def _repeat(environ: dict[str, Any], key: str, value: bytes) -> None:
    if key.startswith("HTTP_"):
        separator = "; " if key == "HTTP_COOKIE" else ","
        environ[key] += separator + value.decode("latin-1")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_application = _Application("wherry", root_path=str(Path.cwd()), static_folder=None)
_session = NullSession()
