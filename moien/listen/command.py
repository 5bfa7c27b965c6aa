"""What `moien listen` does."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

import click

from moien.errors import WrongCall
from moien.listen.design import Test, digest, load_sounds, pair_systems, read_folders
from moien.listen.store import Store

COMPETING = ("natural", "stock", "trained")


def serve(
    folders: Sequence[Path], recipe: str | None, kind: str, db: Path, most: int, seed: int, host: str, port: int,
    token: str | None,
) -> None:  # fmt: skip
    """Serve a test until Ctrl-C. See `moien listen --help` for the arguments."""
    from moien.listen.server import LOOPBACK, Server

    if bool(folders) == bool(recipe):
        raise WrongCall(
            "either folders or --recipe says what to listen to", remedy="moien listen recordings speech"
        )
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
    """Print what is in the file of answers."""
    from rich.console import Console

    from moien.listen.results import results_json, results_table

    store = Store(db)
    if as_json:
        click.echo(json.dumps(results_json(store), ensure_ascii=False, indent=1))
    else:
        Console().print(results_table(store))


def read_recipe(recipe: str) -> dict[str, dict[str, Path]]:
    """The rows of a recipe's test sentences that have a recording."""
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME
    from moien.score.sentences import read_sentences

    settings = load_settings(recipe)
    decode, test = BY_NAME["decode"].folder(settings), BY_NAME["data"].folder(settings) / "test"
    if not (decode / "index.jsonl").is_file():
        raise WrongCall(
            "nothing was spoken yet", where=decode, remedy=f"./run.sh --recipe {recipe} --stop-stage 7"
        )
    spoken = [sentence for sentence in read_sentences(decode, test) if sentence.natural]
    return {row: {s.id: s.recordings[row] for s in spoken} for row in COMPETING}
