"""`python -m moien` is the command `moien`."""

from moien.cli import main

main(prog_name="moien")
