"""`python -m abate` is `abate`."""

from abate.cli import main

main()
