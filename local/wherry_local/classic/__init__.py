"""Functions that are commands: one process for each call, as OpenFaaS's classic watchdog has it."""

from wherry_local.classic.contract import HANDLER as HANDLER
from wherry_local.classic.contract import served as served
