"""`python -m stagesync`."""

from stagesync.cli import main

main(prog_name="stagesync")
