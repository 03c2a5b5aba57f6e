"""Programs that keep credentials, `docker-credential-...`: asked over standard input.

The protocol is docker's: the server's name goes in, JSON with `Username` and `Secret` comes out.
What a program prints beside that may hold a secret and is in no message.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

from wherry_build.image.registry.credential import Credential, FoundCredential

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_TOKEN_USER = "<token>"  # noqa: S105 - the user name that says that the secret is a token
_ABSENT = "credentials not found"
_TIMEOUT_S = 30
_LIMIT_BYTES = 1024 * 1024


def ask_program(name: str, server: str) -> FoundCredential:
    """The credential that the program `docker-credential-<name>` keeps for `server`.

    One that is missing or fails is a note: many registries let anybody read.
    """
    program = f"docker-credential-{name}"
    if _NAME.fullmatch(name) is None:
        return FoundCredential(note="the name of a credential program is none that docker takes")
    path = shutil.which(program)
    if path is None:
        return FoundCredential(note=f"{program}, which keeps the credentials, is not installed")
    failed = FoundCredential(
        note=f"{program} failed; `printf %s {server} | {program} get` shows why"
    )
    try:
        done = subprocess.run(  # noqa: S603 - the program that the user's configuration names
            [path, "get"],
            input=server.encode(),
            capture_output=True,
            check=False,
            timeout=_TIMEOUT_S,
            env=os.environ,
        )
    except (OSError, subprocess.SubprocessError):
        return failed
    if done.returncode != 0:
        is_absent = _ABSENT in done.stdout[:_LIMIT_BYTES].decode(errors="replace")
        return FoundCredential() if is_absent else failed
    credential = _parsed(done.stdout[:_LIMIT_BYTES], program)
    return FoundCredential(credential=credential) if credential else failed


def _parsed(output: bytes, program: str) -> Credential | None:
    try:
        said = json.loads(output)
        username, secret = said["Username"], said["Secret"]
    except (ValueError, TypeError, KeyError):
        return None
    if not isinstance(username, str) or not isinstance(secret, str) or not secret:
        return None
    if username == _TOKEN_USER:
        return Credential(identity_token=secret, source=program)
    return Credential(username=username, password=secret, source=program)
