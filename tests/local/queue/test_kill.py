"""`kill -9` at any moment: what was accepted reaches its receivers, or is dead and can be seen."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def victim(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.local.queue.victim", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        **options,
    )


def killed(chance, path, delivered, run, least):
    """Let one accept and deliver, kill it at a random moment; what it said it had accepted."""
    process = victim(path, delivered, run)
    lines = []
    try:
        if chance.random() < 0.1:
            time.sleep(chance.uniform(0.05, 0.5))  # while it starts, perhaps
        else:
            lines += [process.stdout.readline() for _ in range(chance.randint(least, 2 * least))]
            time.sleep(chance.uniform(0, 0.02))
    finally:
        process.kill()
    lines += process.stdout.read().splitlines(keepends=True)
    process.stdout.close()
    process.wait()
    return [line.decode().split() for line in lines if line.endswith(b"\n")]


def check(tmp_path, *, kills, least, place=None):
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    path, delivered = place or tmp_path / "queue", tmp_path / "delivered"
    accepted = {}
    for run in range(kills):
        for key, receivers in killed(chance, path, delivered, f"r{run}", least):
            accepted[key] = int(receivers)
    last = victim(path, delivered)
    dead, _ = last.communicate(timeout=90)
    assert last.returncode == 0
    reached = Counter(delivered.read_text().splitlines())
    over = set(reached) | set(dead.decode().splitlines())
    lost = [
        f"{key} {name}"
        for key, receivers in accepted.items()
        for name in ("one", "two")[:receivers]
        if f"{key} {name}" not in over
    ]
    assert lost == [], f"seed {seed}"
    # What follows is stored with the end of what it follows from: no delivered one lacks it.
    replies = {line for line in over if "-reply" in line}
    for line in reached:
        key, name = line.split()
        if name == "one" and not key.endswith("-reply") and sum(key.encode()) % 10 == 2:
            assert f"{key}-reply one" in replies, f"seed {seed}"
    return len(accepted), sum(reached.values()) - len(reached)


def test_ten_kills_lose_nothing(tmp_path):
    accepted, _ = check(tmp_path, kills=10, least=10)
    assert accepted >= 50


@pytest.mark.interop
def test_ten_kills_lose_nothing_of_a_queue_on_nats(tmp_path, jetstream):
    accepted, _ = check(tmp_path, kills=10, least=10, place=f"{jetstream.url}#{jetstream.name}")
    assert accepted >= 50


@pytest.mark.hardening
@pytest.mark.timeout(600)
def test_a_hundred_kills_lose_nothing(tmp_path):
    accepted, repeated = check(tmp_path, kills=100, least=12)
    sys.stdout.write(f"{accepted} accepted, 100 kills, 0 lost, {repeated} repeated\n")
    assert accepted >= 1_000
