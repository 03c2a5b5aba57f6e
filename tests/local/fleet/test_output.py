"""The streams of a replica: what is written is kept, and a start that fails leaves none open."""

import asyncio
import os
from contextlib import ExitStack

from wherry_local.fleet.output import open_output

from .stage import descriptors


def opened(scene, secrets):
    """Run `scene(output)`; what was kept, as stream and content."""
    kept = []

    async def run():
        with ExitStack() as ours:
            with ExitStack() as theirs:
                keep = kept.append
                output = open_output(ours, theirs, replica="hello-x", keep=keep, secrets=secrets)
                scene(output)
            await asyncio.wait([each.ended for each in output.intakes], timeout=20)

    asyncio.run(run())
    return [(each.replica, each.stream, each.content) for each in kept]


def test_each_stream_is_kept_as_itself_without_secrets(tmp_path):
    (tmp_path / "key").write_text("s3cr3t-value")

    def scene(output):
        os.write(output.stdout, b"said s3cr3t-value\n")
        os.write(output.stderr, b"failed")

    assert sorted(opened(scene, tmp_path)) == [
        ("hello-x", "stderr", b"failed\n"),
        ("hello-x", "stdout", b"said [redacted]\n"),
    ]


def test_a_start_that_fails_leaves_no_descriptor(tmp_path):
    async def run():
        before = descriptors()
        with ExitStack() as theirs, ExitStack() as ours:
            open_output(ours, theirs, replica="hello-x", keep=print, secrets=tmp_path)
            assert descriptors() == before + 4
        assert descriptors() == before

    asyncio.run(run())
