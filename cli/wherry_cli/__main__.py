"""`python -m wherry_cli` is the `wherry` command."""

from wherry_cli.main import main

main()
