"""Hooks that tell what happened to them."""

import os
import pathlib

WELL = {"ready": True, "alive": True}


def _note(word):
    with pathlib.Path(os.environ["HOOKS_LOG"]).open("a") as log:
        log.write(word + "\n")


def start():
    _note("start")


def stop():
    _note("stop")


def ready():
    return WELL["ready"], "cache is cold"


def alive():
    return WELL["alive"]


def handle(request):
    for name in WELL:
        if name in request.args:
            WELL[name] = request.args[name] == "yes"
    return "ok"
