"""Stands for the `docker` command: keeps the words of each use, and runs a server as a container.

Its state is the folder that $ENGINE_STATE names: `words` with a line of JSON a use, `images` with
what is there, and NAME.pid, NAME.port of each container.
"""

# ruff: noqa: T201 - what it prints is what a command prints

import http.server
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

STATE = Path(os.environ["ENGINE_STATE"])


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = STATE / self.path.rpartition("/")[2]
        self.send_response(int(status.read_text()) if status.exists() else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def run(words):
    name = words[words.index("--name") + 1]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if words[-1] == "broken":
        print("cannot go on", file=sys.stderr)
        sys.exit(7)
    print("hello from", name, flush=True)
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    (STATE / f"{name}.pid").write_text(str(os.getpid()))
    (STATE / f"{name}.port").write_text(str(server.server_port))
    server.serve_forever()


def end(name, how):
    file = STATE / f"{name}.pid"
    if file.exists():
        with suppress(ProcessLookupError):
            os.kill(int(file.read_text()), how)
        file.unlink()


def main(words):
    with (STATE / "words").open("a") as file:
        file.write(json.dumps(words) + "\n")
    match words:
        case ["image", "inspect", reference]:
            images = json.loads((STATE / "images").read_text())
            if reference not in images:
                sys.exit(1)
            print(json.dumps([{"Config": {"User": images[reference]}}]))
        case ["pull", "--quiet", reference]:
            if reference == "absent":
                print("pull access denied for absent", file=sys.stderr)
                sys.exit(1)
            images = json.loads((STATE / "images").read_text())
            (STATE / "images").write_text(json.dumps({**images, reference: ""}))
        case ["run", *_]:
            run(words)
        case ["port", name, _]:
            file = STATE / f"{name}.port"
            if not file.exists():
                sys.exit(1)
            print(f"127.0.0.1:{file.read_text()}")
        case ["stop", "--time", _, name]:
            end(name, signal.SIGTERM)
        case ["rm", "--force", *names]:
            for name in names:
                end(name, signal.SIGKILL)
        case ["ps", *_]:
            print("\n".join(sorted(file.stem for file in STATE.glob("*.pid"))))
        case _:
            sys.exit(125)


if __name__ == "__main__":
    main(sys.argv[1:])
