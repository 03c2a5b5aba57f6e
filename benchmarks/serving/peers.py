"""The servers that are compared: one entry each.

Adding a peer is an entry here, its functions in `apps/`, and where it needs packages of its own,
a file of pinned requirements in `peers/`. A peer that has no function for an app sits that
workload out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.serving.origins import GoProgram, Installed, Origin, Pinned, ThisEnvironment

SUBJECT = "wherry"
POOL_ALONE = "pool-alone"


@dataclass(frozen=True)
class Command:
    """How one function of a peer is started.

    `{port}`, `{metrics_port}`, `{workers}`, `{apps}` and `{folder}`, an empty folder of its own,
    are filled in.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A server and how it is started.

    Attributes:
        name: Name on the command line and in the table.
        about: What it is, for the listing.
        origin: Where its program comes from.
        commands: By app.
        files: What is put into its folder: names of templates in `limits/`, filled in as commands
            are.
        is_limit: Whether it is there for scale only, because nobody writes functions so.
        scales: Whether it starts several workers when `{workers}` says so.
        serves: Whether it is a server. What is none is `pool_alone`, which measures itself.
    """

    name: str
    about: str
    origin: Origin
    commands: Mapping[str, Command]
    files: tuple[str, ...] = ()
    is_limit: bool = False
    scales: bool = False
    serves: bool = True


_PLAIN = ("greet", "json", "typed", "block", "body")
_ASYNC = ("async_greet", "pause")
_EVENTS = ("echo_binary", "echo_structured", "check")


def _wherry() -> dict[str, Command]:
    """As in a container; the two ports are set because they cannot be defaults on any machine."""
    handlers = {
        **{app: f"wherry_http.py:{app}" for app in (*_PLAIN, "stream")},
        **{app: f"wherry_async.py:{app}" for app in _ASYNC},
        "plain": "wherry_plain.py:plain",
        "echo_binary": "wherry_event.py:echo",
        "echo_structured": "wherry_event.py:echo",
        "check": "wherry_event.py:check",
    }
    ports = {"PORT": "{port}", "WHERRY_METRICS_PORT": "{metrics_port}"}
    return {
        app: Command(
            ("python", "-m", "wherry"),
            {"WHERRY_HANDLER": f"{{apps}}/{handler}", "WHERRY_WORKERS": "{workers}", **ports},
        )
        for app, handler in handlers.items()
    }


def _functions_framework(
    source: str, target: str, *more: str, threads: int | None = None
) -> Command:
    where = ("--source", f"{{apps}}/{source}.py", "--host", "127.0.0.1", "--port", "{port}")
    knobs = {} if threads is None else {"THREADS": str(threads)}
    words = ("functions-framework", "--target", target, *where, *more)
    return Command(words, {"WORKERS": "{workers}", **knobs})


_SYNC, _AIO = "functions_framework_http", "functions_framework_aio"
_FRAMEWORK = Pinned("functions-framework.txt")
_TO_EVENTS = ("--signature-type", "cloudevent")
_TO_TYPED = ("--signature-type", "typed")


def _flask(apps: Iterable[str], *worker: str) -> dict[str, Command]:
    words = ("gunicorn", "-w", "{workers}", *worker, "-b", "127.0.0.1:{port}", "--chdir", "{apps}")
    return dict.fromkeys(apps, Command((*words, "flask_app:app")))


def _waitress(apps: Iterable[str], *threads: str) -> dict[str, Command]:
    start = ("python", "{apps}/waitress_app.py")
    return {app: Command((*start, app, "{port}", *threads)) for app in apps}


_UVICORN = Command(
    (
        *("uvicorn", "asgi_app:app", "--app-dir", "{apps}", "--port", "{port}"),
        *("--workers", "{workers}", "--no-access-log", "--log-level", "warning"),
    )
)
_FLASK_APPS = (*_PLAIN, "stream", *_EVENTS)

PEERS = (
    Peer(
        name=SUBJECT,
        about="this project, settings at their defaults",
        origin=ThisEnvironment(),
        commands=_wherry(),
        scales=True,
    ),
    Peer(
        name="functions-framework",
        about="Flask on gunicorn gthread, its defaults: four threads a core",
        origin=_FRAMEWORK,
        commands={
            **{app: _functions_framework(_SYNC, app) for app in (*_PLAIN, "stream", *_EVENTS)},
            "typed": _functions_framework(_SYNC, "typed", *_TO_TYPED),
            "check": _functions_framework("functions_framework_event", "check", *_TO_EVENTS),
        },
        scales=True,
    ),
    Peer(
        name="functions-framework-32",
        about="the same with 32 threads, for functions that block",
        origin=_FRAMEWORK,
        commands={"block": _functions_framework(_SYNC, "block", threads=32)},
    ),
    Peer(
        name="functions-framework-aio",
        about="starlette on uvicorn under gunicorn, its defaults",
        origin=_FRAMEWORK,
        commands={
            **{
                app: _functions_framework(_AIO, app, "--asgi")
                for app in (*_PLAIN, "pause", "stream", "echo_binary", "echo_structured")
            },
            "async_greet": _functions_framework(_AIO, "greet", "--asgi"),
            "check": _functions_framework(_AIO, "check", "--asgi", *_TO_EVENTS),
        },
        scales=True,
    ),
    Peer(
        name="func-python",
        about="raw ASGI on hypercorn, its defaults",
        origin=Pinned("func-python.txt"),
        commands={
            app: Command(
                ("python", "{apps}/func_python_app.py", app.removeprefix("async_")),
                {"LISTEN_ADDRESS": "127.0.0.1:{port}"},
            )
            for app in (*_PLAIN, *_ASYNC, "stream", *_EVENTS)
        },
    ),
    Peer(
        name="flask-gthread",
        about="Flask and the cloudevents SDK on gunicorn gthread, 8 threads",
        origin=Pinned("flask-gunicorn.txt"),
        commands=_flask(_FLASK_APPS, "-k", "gthread", "--threads", "8"),
        scales=True,
    ),
    Peer(
        name="flask-gthread-32",
        about="the same with 32 threads, for functions that block",
        origin=Pinned("flask-gunicorn.txt"),
        commands=_flask(["block"], "-k", "gthread", "--threads", "32"),
    ),
    Peer(
        name="flask-sync",
        about="the same on gunicorn's default worker: one call at a time, no keep-alive",
        origin=Pinned("flask-gunicorn.txt"),
        commands=_flask(_FLASK_APPS),
        scales=True,
    ),
    Peer(
        name="flask-waitress",
        about="the shape of OpenFaaS's python3-http template, without its watchdog",
        origin=Pinned("flask-waitress.txt"),
        commands=_waitress(_PLAIN),
    ),
    Peer(
        name="flask-waitress-32",
        about="the same with 32 threads, for functions that block",
        origin=Pinned("flask-waitress.txt"),
        commands=_waitress(["block"], "32"),
    ),
    Peer(
        name="asgi-uvicorn",
        about="a bare ASGI application on uvicorn with uvloop and httptools",
        origin=Pinned("asgi-uvicorn.txt"),
        commands=dict.fromkeys(
            ("greet", "async_greet", "json", "typed", "pause", "body", "stream"), _UVICORN
        ),
        is_limit=True,
        scales=True,
    ),
    Peer(
        name="go",
        about="Go's net/http, one function a path",
        origin=GoProgram(),
        commands=dict.fromkeys(
            (*_PLAIN, *_ASYNC, "stream", *_EVENTS), Command(("limit", "{port}"))
        ),
        is_limit=True,
    ),
    Peer(
        name=POOL_ALONE,
        about="no server: 32 threads of Python that sleep for 10 ms again and again",
        origin=ThisEnvironment(),
        commands={"block": Command(("python", "-m", "benchmarks.serving.pool_alone"))},
        is_limit=True,
        serves=False,
    ),
    Peer(
        name="nginx",
        about="NGINX answering by itself",
        origin=Installed("nginx", "nginx-light"),
        commands=dict.fromkeys(
            ("greet", "json"), Command(("nginx", "-p", "{folder}", "-c", "{folder}/nginx.conf"))
        ),
        files=("nginx.conf",),
        is_limit=True,
    ),
)
