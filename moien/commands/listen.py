"""`moien listen`: a blind listening test in the browser."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

import click

from moien.commands.options import FOLDER, SEED, recipe_option
from moien.errors import WrongCall

SYSTEMS = ("natural", "stock", "trained")  # rows of a recipe's test sentences


@click.command("listen")
@click.argument("folders", nargs=-1, type=FOLDER, metavar="[DIR]…")
@recipe_option(None, "Compare the rows of a recipe's test sentences: natural, stock, trained.")
@click.option(
    "--kind",
    type=click.Choice(["mos", "ab", "mushra"]),
    default="mos",
    show_default=True,
    help="Rate 1-5, prefer one of two, or rate all beside a reference (the first system).",
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    default="listen.sqlite",
    show_default=True,
    help="The file of the answers.",
)
@click.option(
    "--sentences",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Number of sentences, evenly spread over all.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the order.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to serve on; another one needs a token."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free one."
)
@click.option(
    "--token", help="Secret in the address of the page; generated and printed if others can reach the host."
)
@click.option("--results", "only_results", is_flag=True, help="Print the results; serve nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def main(
    folders: tuple[Path, ...],
    recipe: str | None,
    kind: str,
    db: Path,
    sentences: int,
    seed: int,
    host: str,
    port: int,
    token: str | None,
    only_results: bool,
    as_json: bool,
) -> None:
    """Serve a blind listening test as a web page.

    A DIR is a system: wavs, with equal names in every folder. Answers are saved at once; after a break, listeners
    continue with the next question.
    """
    if only_results or as_json:
        print_results(db, as_json)
    else:
        serve(folders, recipe, kind, db, sentences, seed, host, port, token)


def serve(
    folders: Sequence[Path],
    recipe: str | None,
    kind: str,
    db: Path,
    most: int,
    seed: int,
    host: str,
    port: int,
    token: str | None,
) -> None:
    """Serve a test until Ctrl-C. `moien listen --help` describes the arguments."""
    from moien.listen.design import Test, digest, load_sounds, pair_systems, read_folders
    from moien.listen.server import LOOPBACK, Server
    from moien.listen.store import Store

    if bool(folders) == bool(recipe):
        raise WrongCall("give either folders or --recipe", remedy="moien listen recordings speech")
    systems = pair_systems(read_recipe(recipe) if recipe else read_folders(folders), most)
    sentences = tuple(next(iter(systems.values())))
    sounds = load_sounds(systems)
    test = Test(kind, tuple(systems), sentences, seed, digest(sounds))
    store = Store(db, test)
    if not token:
        token = "" if host in LOOPBACK else secrets.token_urlsafe(16)
    server = Server(host, port, test, sounds, store, token)
    click.echo(f"{kind}: {len(systems)} systems, {len(sentences)} sentences, {len(test.trials(''))} screens")
    click.echo(f"open {server.address}  (Ctrl-C ends)")
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass  # the usual end
    finally:
        server.server_close()
        store.close()
        click.echo(f"answers: {db}  (moien listen --results --db {db})")


def print_results(db: Path, as_json: bool) -> None:
    """Print the results in the file of answers."""
    from rich.console import Console

    from moien.listen.results import results_json, results_table
    from moien.listen.store import Store

    store = Store(db)
    if as_json:
        click.echo(json.dumps(results_json(store), ensure_ascii=False, indent=1))
    else:
        Console().print(results_table(store))


def read_recipe(recipe: str) -> dict[str, dict[str, Path]]:
    """System → test sentence → file, of the sentences that have a recording."""
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME
    from moien.score.sentences import read_sentences

    settings = load_settings(recipe)
    decode, test = BY_NAME["decode"].folder(settings), BY_NAME["data"].folder(settings) / "test"
    if not (decode / "index.jsonl").is_file():
        raise WrongCall(
            "there is no synthetic speech yet",
            where=decode,
            remedy=f"./run.sh --recipe {recipe} --stop-stage 7",
        )
    recorded = [sentence for sentence in read_sentences(decode, test) if sentence.natural]
    return {row: {s.id: s.recordings[row] for s in recorded} for row in SYSTEMS}
