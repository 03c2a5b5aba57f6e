"""What `wherry up` was told. Values only, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wherry_build.project import Project

GATEWAY_PORT = 8080
BROKER_PORT = 8090


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a project is to be run.

    Attributes:
        project: The project.
        root: Its folder; the state folder is in it.
        read: Reads the project anew, after an edit of its file; None where that is not watched.
        host: Address of this machine that the doors listen on.
        port: Port of the gateway; 0 takes any free one.
        broker_port: Port of the broker; 0 takes any free one.
        watch: Whether an edit renews what it concerns.
        logs: Whether what functions write is printed, too.
        listen: Names and addresses besides loopback by which callers may ask; None for none.
        password: The administrator's password; None for the one that is kept, or a new one.
        triggers: Files and folders with Broker and Trigger manifests.
        allow_private: Whether callbacks and subscribers may be at private addresses.
        queue_url: Address of a NATS server that holds the queue; None for a file of ours.
    """

    project: Project
    root: Path
    read: Callable[[], Project] | None = None
    host: str = "127.0.0.1"
    port: int = GATEWAY_PORT
    broker_port: int = BROKER_PORT
    watch: bool = True
    logs: bool = True
    listen: tuple[str, ...] | None = None
    password: str | None = None
    triggers: tuple[Path, ...] = ()
    allow_private: bool = False
    queue_url: str | None = None
