"""`python -m wherry`: the entry of a function's container; every setting is in the environment.

The one flag, `--explain-startup` or `--explain-startup=json`, is for a look at it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from wherry.startup import mark


def main() -> int:
    """Serve the function that the environment names; returns the exit code."""
    mark("interpreter")
    gc.disable()  # modules are no garbage; `Server.load` turns it on again
    from wherry.config import Config
    from wherry.errors import ConfigError
    from wherry.serving import run

    try:
        config = Config.from_environment(_flags(sys.argv[1:]))
    except ConfigError as error:
        from wherry.serving.report import report

        report(error)
        return error.exit_code
    return run(config)


def _flags(arguments: Sequence[str]) -> dict[str, str]:
    """What the command line says, as variables."""
    for argument in arguments:
        flag, _, form = argument.partition("=")
        if flag == "--explain-startup":
            return {"WHERRY_EXPLAIN_STARTUP": form or "text"}
    return {}


if __name__ == "__main__":
    sys.exit(main())
