"""The servers that are compared: one entry each.

Adding a peer is an entry here, its functions in `apps/`, and where it needs packages of its own,
a file of pinned requirements in `peers/`. A peer that has no function for an app sits that
workload out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
APPS = HERE / "apps"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A server and how it is started.

    Attributes:
        name: Name on the command line and in the table.
        about: What it is, for the listing.
        requirements: File of pinned requirements in `peers/`; empty for this environment.
        commands: By app, the words after the environment's `bin/`; `{port}` and `{apps}` are
            filled in.
        environment: Variables of the process, filled in the same way.
    """

    name: str
    about: str
    requirements: str = ""
    commands: dict[str, tuple[str, ...]]
    environment: dict[str, str] = field(default_factory=dict)


def _wherry(source: str, app: str) -> tuple[str, ...]:
    return ("python", "-m", "benchmarks.serving.start", f"{{apps}}/{source}.py:{app}", "{port}")


def _functions_framework(source: str, app: str, *more: str) -> tuple[str, ...]:
    where = ("--source", f"{{apps}}/{source}.py", "--host", "127.0.0.1", "--port", "{port}")
    return ("functions-framework", "--target", app, *where, *more)


_SYNC = "functions_framework_http"
_EVENT = ("--signature-type", "cloudevent")
_FLASK = ("gunicorn", "-k", "gthread", "--threads", "8", "-b", "127.0.0.1:{port}")
_FLASK_APP = (*_FLASK, "--chdir", "{apps}", "flask_app:app")

PEERS = (
    Peer(
        name="wherry",
        about="this project, settings at their defaults",
        commands={
            "greet": _wherry("wherry_http", "greet"),
            "block": _wherry("wherry_http", "block"),
            "check": _wherry("wherry_event", "check"),
        },
    ),
    Peer(
        name="functions-framework",
        about="Flask on gunicorn gthread, its defaults",
        requirements="functions-framework.txt",
        commands={
            "greet": _functions_framework(_SYNC, "greet"),
            "block": _functions_framework(_SYNC, "block"),
            "check": _functions_framework("functions_framework_event", "check", *_EVENT),
        },
    ),
    Peer(
        name="functions-framework-aio",
        about="starlette on uvicorn under gunicorn, its defaults",
        requirements="functions-framework.txt",
        commands={
            "greet": _functions_framework("functions_framework_aio", "greet", "--asgi"),
            "block": _functions_framework("functions_framework_aio", "block", "--asgi"),
            "check": _functions_framework("functions_framework_aio", "check", "--asgi", *_EVENT),
        },
    ),
    Peer(
        name="func-python",
        about="raw ASGI on hypercorn, its defaults",
        requirements="func-python.txt",
        commands={
            app: ("python", "{apps}/func_python_app.py", app) for app in ("greet", "block", "check")
        },
        environment={"LISTEN_ADDRESS": "127.0.0.1:{port}"},
    ),
    Peer(
        name="flask-gunicorn",
        about="Flask and the cloudevents SDK on gunicorn gthread, 8 threads",
        requirements="flask-gunicorn.txt",
        commands=dict.fromkeys(("greet", "block", "check"), _FLASK_APP),
    ),
    Peer(
        name="flask-waitress",
        about="the shape of OpenFaaS's python3-http template, without its watchdog",
        requirements="flask-waitress.txt",
        commands={
            app: ("python", "{apps}/waitress_app.py", app, "{port}") for app in ("greet", "block")
        },
    ),
)
