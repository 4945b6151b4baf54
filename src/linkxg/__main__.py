"""`python -m linkxg` is the `linkxg` command."""

from linkxg.cli import main

main()
