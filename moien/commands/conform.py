"""`moien conform`: does a voice speak in other programs as it does in Kokoro's own?"""

from __future__ import annotations

from pathlib import Path

import click

from moien.commands.options import Command
from moien.errors import WrongCall, WrongData


@click.command("conform", cls=Command)
@click.argument("voice", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--runtime", "names", multiple=True, metavar="NAME", help="Only these programs, e.g. sherpa-onnx."
)
def main(voice: Path, names: tuple[str, ...]) -> None:
    """Speak 20 phoneme strings with the voice in the folder VOICE by every program, and compare with Kokoro.

    Each program is installed in an environment of its own in the cache, from PyPI or npm, at the first call. Ends with
    1 where a program differs.
    """
    from moien.conform import table
    from moien.conform.cases import cases
    from moien.conform.runtimes import KOKORO, RUNTIMES, run
    from moien.conform.verdict import judge

    if unknown := [name for name in names if not any(r.name.startswith(f"{name} ") for r in RUNTIMES)]:
        known = ", ".join(runtime.name.split()[0] for runtime in RUNTIMES)
        raise WrongCall(f"there is no program {unknown[0]!r}", remedy=f"the programs are {known}")
    chosen = [r for r in RUNTIMES if not names or any(r.name.startswith(f"{name} ") for name in names)]
    speakers = sorted(path.stem for path in (voice / "voices").glob("*.pt"))
    if not speakers or not (voice / "model.pth").is_file():
        raise WrongData("this is not a voice that stage 9 wrote", where=voice)
    phonemes = cases()
    wanted = [
        {"id": name, "phonemes": text, "speaker": speakers[place % len(speakers)]}
        for place, (name, text) in enumerate(phonemes.items())
    ]
    runs = []
    for place, runtime in enumerate(order := (KOKORO, KOKORO, *chosen), start=1):
        click.echo(f"{place}/{len(order)}: {runtime.name}", err=True)
        runs.append(run(runtime, voice.resolve(), wanted))
    kokoro, again, *others = runs
    rows = [
        table.Row(runtime.name, done, judge(runtime, phonemes, done, kokoro, again))
        for runtime, done in zip(chosen, others, strict=True)
    ]
    click.echo(table.markdown([table.kokoro_row(KOKORO.name, kokoro, again), *rows]))
    if differs := [row.name for row in rows if row.differences]:
        raise WrongData(f"{', '.join(differs)}: not as Kokoro", where=voice, remedy="see the table")
