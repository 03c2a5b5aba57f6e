"""The `wherry` command: one module a command, no logic of its own.

What it imports is garbage at no time: while it starts, and where it ends soon, it is searched for
some so seldom that it costs nothing. `main` goes back to the usual for commands that live on.
"""

import gc

USUAL_THRESHOLD = gc.get_threshold()
gc.set_threshold(100_000)
