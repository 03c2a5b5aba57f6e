"""Start Wherry on a handler and a port as a container would: `python -m wherry`, settings default.

Usage: python -m benchmarks.serving.start HANDLER PORT
Only what cannot be a default on a shared machine is set: the two ports.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    handler, port = sys.argv[1:]
    settings = {"WHERRY_HANDLER": handler, "PORT": port, "WHERRY_METRICS_PORT": "0"}
    os.execve(sys.executable, [sys.executable, "-m", "wherry"], os.environ | settings)
