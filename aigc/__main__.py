"""`python -m aigc` is the command line."""

from aigc.cli import main

main()
