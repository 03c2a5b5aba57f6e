"""What a replica writes: a pipe for each of its two streams, and who takes it to the journal."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from wherry_local.journal.chunk import Chunk
from wherry_local.journal.intake import Intake
from wherry_local.journal.redaction import redaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The two streams of one replica.

    Attributes:
        stdout: Writing end of the one, for the replica.
        stderr: Writing end of the other.
        intakes: Who takes what is written.
    """

    stdout: int
    stderr: int
    intakes: Sequence[Intake]


def open_output(
    ours: ExitStack,
    theirs: ExitStack,
    *,
    replica: str,
    keep: Callable[[Chunk], object],
    secrets: Path,
) -> Output:
    """The streams of a replica that is about to be started.

    Args:
        ours: Ends what is read; to be emptied when the replica has been started.
        theirs: Closes the writing ends.
        replica: Its name.
        keep: Takes whole lines.
        secrets: Folder of the secrets that are kept out of them.

    Raises:
        OSError: There are no descriptors left, or the secrets cannot be listed.
    """
    redact = redaction(secrets)
    intakes, ends = [], []
    for stream in ("stdout", "stderr"):
        reading, writing = os.pipe()
        theirs.callback(os.close, writing)
        intake = Intake(reading, replica=replica, stream=stream, keep=keep, redact=redact)
        ours.callback(intake.close)
        intakes.append(intake)
        ends.append(writing)
    return Output(stdout=ends[0], stderr=ends[1], intakes=intakes)
