"""The server: one function behind HTTP/1.1, alone or in several workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry.config import Config


def run(config: Config) -> int:
    """Serve until told to stop; returns the exit code (0 ok, 2 bad setting, 3 cannot start)."""
    from wherry.errors import WherryError
    from wherry.startup import mark, time_imports

    mark("settings")
    if config.explain_startup != "off":
        time_imports()
    try:
        if config.workers > 1:
            from wherry.serving.master import run_under_master

            return run_under_master(config)
        if config.supervise:
            from wherry.serving.supervisor import run_supervised

            return run_supervised(config)
        from wherry.serving.alone import run_alone
        from wherry.serving.ending import leave_soon

        return leave_soon(run_alone(config))
    except WherryError as error:
        from wherry.serving.report import report

        report(error)
        return error.exit_code
