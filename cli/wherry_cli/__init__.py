"""The `wherry` command: one module a command, no logic of its own."""
