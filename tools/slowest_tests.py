"""Run all tests as `make test` does, and write the 10 slowest of them into docs/testing.md.

tools/slowest_tests.py
"""

from __future__ import annotations

import re
import subprocess
import sys

import click

from moien.corpus.readers import program
from moien.errors import WrongData
from moien.recipe.settings import ROOT

DOCS = ROOT / "docs" / "testing.md"
BEGIN, END = "<!-- made by make test-durations -->\n", "<!-- end -->\n"
ROW = re.compile(r"^\s*([\d.]+)s (call|setup|teardown) +tests/(\S+?)::(.+)$", re.M)


@program
def main() -> None:
    """Print pytest's last line; exit with its code if a test fails."""
    command = ["make", "--no-print-directory", "test", "OPTIONS=--durations=10 --durations-min=0"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stdout)
        sys.exit(done.returncode)
    closing = done.stdout.rstrip().splitlines()[-1].strip("= ")
    click.echo(closing)
    text = DOCS.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or END not in text.partition(BEGIN)[2]:
        raise WrongData(
            "the marks of the table are not there", DOCS, f"write {BEGIN.strip()} and {END.strip()}"
        )
    before, _, rest = text.partition(BEGIN)
    rows = [
        f"| {seconds} | {part} | `{file}` | {test} |"
        for seconds, part, file, test in ROW.findall(done.stdout)
    ]
    table = "\n".join(["| s | part | file in `tests/` | test |", "|--:|---|---|---|", *rows])
    after = rest.partition(END)[2]
    DOCS.write_text(f"{before}{BEGIN}\n{table}\n\n{closing}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
