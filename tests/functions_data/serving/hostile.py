"""A sync function that does on each path what a function should not."""

import ctypes
import os
import re
import signal
import sys
import threading
import time

import flask

DEADLOCK = threading.Lock()
DEADLOCK.acquire()
GATE = threading.Event()


def handle(request: flask.Request):
    deed = request.path.strip("/").replace("-", "_")
    return globals().get(f"do_{deed}", ordinary)(request)


def ordinary(_request):
    return f"{os.getpid()} {threading.active_count()}"


def do_exit(_request):
    os._exit(9)


def do_segfault(_request):
    ctypes.string_at(0)


def do_kill(_request):
    os.kill(os.getpid(), signal.SIGKILL)


def do_close_descriptors(_request):
    os.closerange(0, 1024)


def do_fork(request):
    """The child comes back to the server as if it were its parent."""
    if os.fork() == 0:
        with open(request.args["note"], "w") as note:
            note.write(str(os.getpid()))
    return "forked"


def do_fork_and_stay(request):
    child = os.fork()
    if child == 0:
        with open(request.args["note"], "w") as note:
            note.write(str(os.getpid()))
        time.sleep(30)
        os._exit(0)
    return str(child)


def do_program(_request):
    """A program that outlives its call, started without closing what it inherits."""
    return str(os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "30"))


def do_system_exit(_request):
    sys.exit(7)


def do_interrupt(_request):
    raise KeyboardInterrupt


def do_generator_exit(_request):
    raise GeneratorExit


def do_cancel(_request):
    import asyncio

    raise asyncio.CancelledError


def do_bare(_request):
    raise BaseException("secret 4711")  # noqa: TRY002 - that is the point


def do_recursion(request):
    return do_recursion(request)


def do_memory(_request):
    return bytes(1 << 60)


def do_signals(_request):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def do_deadlock(_request):
    DEADLOCK.acquire()


def do_hold(_request):
    GATE.wait(60)


def do_endless(_request):
    return iter(lambda: b"x" * 1024, None)


def do_lock_interpreter(request):
    """One call into C code that keeps the interpreter's lock; seconds grow with n."""
    return str(re.match(r"(a+)+$", "a" * int(request.args["n"]) + "b"))


def do_leak_threads(request):
    for _ in range(int(request.args["n"])):
        threading.Thread(target=GATE.wait, args=(60,), daemon=False).start()
    return "leaked"


def do_mess(_request):
    os.chdir("/")
    os.umask(0)
    sys.stdout.close()
    sys.stdout = sys.stderr = None
    sys.modules.pop(__name__, None)
    sys.path.clear()
    os.environ.clear()
    return "messed"


def do_shout(request):
    line = "y" * 65536
    for _ in range(int(request.args["mib"]) * 16):
        print(line)  # noqa: T201 - that is the point
    return "shouted"
