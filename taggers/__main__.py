"""`python -m taggers`."""

from .cli import main

main()
