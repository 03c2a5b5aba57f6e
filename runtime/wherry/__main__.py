"""`python -m wherry`: the entry of a function's container; every setting is in the environment."""

from __future__ import annotations

import sys


def main() -> int:
    """Serve the function that the environment names; returns the exit code."""
    from wherry.config import Config
    from wherry.errors import ConfigError
    from wherry.serving import run
    from wherry.serving.report import report

    try:
        config = Config.from_environment()
    except ConfigError as error:
        report(error)
        return error.exit_code
    return run(config)


if __name__ == "__main__":
    sys.exit(main())
