"""The console: what the platform does, as pages for people, at `/ui/`."""

from wherry_local.console.site import routes

__all__ = ["routes"]
