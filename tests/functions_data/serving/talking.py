"""A function that says things, each in its own way, and waits where that tells calls apart."""
# ruff: noqa: T201 - printing is what it is for

import logging
import subprocess
import sys
import threading
import time

import flask

TOGETHER = threading.Barrier(2, timeout=20)


def handle(request: flask.Request):
    what = request.path.strip("/")
    word = request.args.get("word", "")
    if what == "mixed":
        for part in ("one", "two", "three"):
            TOGETHER.wait()
            print(part, end=" ")
            print(word)
    elif what == "partial":
        sys.stdout.write("with")
        time.sleep(0.25)
        sys.stdout.write("out an end")
    elif what == "raw":
        sys.stdout.buffer.write(b"bytes\n")
        sys.stdout.buffer.flush()
        subprocess.run(["echo", "child"], check=True)
    elif what == "forged":
        print('x"}\n{"forged": 1}\x1b[2J\u2028\x85\udcff')
        logging.getLogger("app").warning('a\n{"forged": 2}\x1b[2J\u2028%s', "\udcff")
    elif what == "long":
        print("y" * 5000)
    elif what == "error":
        print("to the error", file=sys.stderr)
    else:
        print(what)
    return "said"
