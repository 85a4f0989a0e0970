"""``python -m weft`` is ``weft``."""

from weft.cli import main

main(prog_name="weft")
