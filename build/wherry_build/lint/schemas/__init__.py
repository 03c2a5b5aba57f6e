"""Rules over schemas of custom resources: SCH001 to SCH004; silent without schemas."""

from wherry_build.lint.schemas import rules

__all__ = ["rules"]
