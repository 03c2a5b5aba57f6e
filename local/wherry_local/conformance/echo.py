"""The function that is served where none is given, and how.

It must not know the cases.
"""

from __future__ import annotations

from pathlib import Path

SOURCE = str(Path(__file__).with_name("echo_function"))
"""The folder of the function."""

ENVIRONMENT = {"WHERRY_WEBHOOK_ORIGINS": "events.example.com"}
"""Variables of its server: consent to the sender that the cases ask for."""
