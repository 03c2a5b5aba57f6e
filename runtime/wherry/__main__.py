"""`python -m wherry`: the entry of a function's container; every setting is in the environment."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Serve the function that the environment names; returns the exit code."""
    gc.disable()  # modules are no garbage; `Server.load` turns it on again
    from wherry.config import Config
    from wherry.errors import ConfigError
    from wherry.serving import run

    try:
        config = Config.from_environment()
    except ConfigError as error:
        from wherry.serving.report import report

        report(error)
        return error.exit_code
    return run(config)


if __name__ == "__main__":
    sys.exit(main())
