"""Many raw requests against the whole server in process, and against gunicorn's parser.

    python -m tests.hardening.raw_requests --count 1000000
    python -m tests.hardening.raw_requests --seed 1 --only 4711

For each input: no exception escapes, no 5xx of the server's own but 501 and 505, nothing in the
log, nothing left behind; the same bytes in other pieces give the same calls; and nothing is taken
for a request that gunicorn refuses.
"""

from __future__ import annotations

import argparse
import gc
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import flask

from . import grammar
from .judge import verdict
from .stand import Finding, Seen, Stand, stand

CALLS: list[Any] = []
WARM = 2_000
"""Inputs after which caches are as full as they get."""


def handle(request: flask.Request):
    """Look at all that a function looks at, and note what came."""
    CALLS.append(
        (
            request.method,
            request.full_path,
            sorted(request.headers.items()),
            request.get_data(),
            request.mimetype,
            sorted(request.args.items(multi=True)),
            sorted(request.form.items(multi=True)),
            sorted(request.cookies.items()),
        )
    )
    if request.is_json:
        request.get_json()
    return {"ok": True}


class Size(NamedTuple):
    """What must not grow with the number of inputs."""

    resident_kib: int
    objects: int
    threads: int
    series: int


class Report(NamedTuple):
    """What a run came to."""

    inputs: int
    seconds: float
    calls: int
    statuses: Counter[int]
    refused_by_gunicorn: int
    warm: Size
    end: Size


def run(seed: int, count: int, *, seeds: tuple[bytes, ...] = grammar.SEEDS) -> Report:
    """Try the first `count` inputs of a seed.

    Raises:
        Finding: Names the input by its seed and number.
    """
    began = time.monotonic()
    statuses: Counter[int] = Counter()
    calls = refused = 0
    warm: Size | None = None
    with stand(handle, CALLS) as server:
        for number in range(count):
            if number == WARM:
                warm = size(server)
            pieces = grammar.raw_input(seed, number, seeds)
            try:
                found, blamed = check(server, pieces)
            except Exception as error:
                raise Finding(f"seed {seed} input {number}: {error}") from error
            statuses.update(found)
            calls += sum(status < 300 for status in found)
            refused += blamed
        end = size(server)
    return Report(count, time.monotonic() - began, calls, statuses, refused, warm or end, end)


def check(server: Stand, pieces: list[bytes]) -> tuple[list[int], bool]:
    """One input: the statuses, and whether gunicorn found a fault in it."""
    data = b"".join(pieces)
    whole = server.feed([data])
    if len(pieces) > 1:
        parted = server.feed(pieces)
        if not same(whole, parted):
            raise Finding(f"whole {whole} and in pieces {parted}")
    judged = verdict(data)
    if judged.fault and len(whole.calls) > len(judged.taken):
        raise Finding(f"{judged.fault} for gunicorn, which took {judged.taken}; ours {whole}")
    return whole.statuses, bool(judged.fault)


def same(whole: Seen, parted: Seen) -> bool:
    """Whether pieces made no difference to what was taken.

    But for the line of a second request, which is judged as strictly as that of the first only
    where a piece begins with it (see `judge`). A fault may be seen earlier or later, and so be
    called by another name.
    """
    if parted.calls == whole.calls and answers(parted) == answers(whole):
        return True
    fewer, more = sorted((whole, parted), key=lambda seen: (len(seen.calls), len(answers(seen))))
    refused = len(fewer.statuses) > 1 and fewer.statuses[-1] == 400
    return refused and more.calls[: len(fewer.calls)] == fewer.calls


def answers(seen: Seen) -> list[int]:
    """The final statuses up to the last success; a refusal of the bytes may be behind it."""
    final = [status for status in seen.statuses if status != 100]
    while final and final[-1] >= 400:
        final.pop()
    return final


def size(server: Stand) -> Size:
    gc.collect()
    resident = Path("/proc/self/statm")
    pages = int(resident.read_text().split()[1]) if resident.exists() else 0
    return Size(
        pages * 4,
        len(gc.get_objects()),
        threading.active_count(),
        len(server.ledger.snapshot().rows) + len(server.edge.meanings),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="show and try this input alone")
    parser.add_argument("--seeds", type=Path, help="a folder of more requests to begin from")
    options = parser.parse_args()
    seeds = grammar.SEEDS
    if options.seeds is not None:
        seeds += tuple(path.read_bytes() for path in sorted(options.seeds.iterdir()))
    if options.only is not None:
        pieces = grammar.raw_input(options.seed, options.only, seeds)
        print(b"".join(pieces), [len(piece) for piece in pieces], verdict(b"".join(pieces)))
        with stand(handle, CALLS) as server:
            print(check(server, pieces))
        return 0
    report = run(options.seed, options.count, seeds=seeds)
    for name, value in report._asdict().items():
        print(f"{name}: {dict(sorted(value.items())) if isinstance(value, Counter) else value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
