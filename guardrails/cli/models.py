"""`parapet models`: look at the weights that come with Parapet, prove them whole, bring others, and make new ones."""

import json
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from guardrails.cli.catalogue import CATALOGUE, DownloadError, fetch_encoder, fetch_published
from guardrails.encoder import WEIGHTS, Encoder, EncoderError
from guardrails.encoder.manifest import read_manifest
from guardrails.encoder.reading import Passage

Parameters = ParamSpec("Parameters")
_FOLDER = click.Path(file_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, file_okay=False, path_type=Path)
_TRIED = "My name is Jane Miller and I live in Leeds."


def _told(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn what went wrong into a sentence."""

    @wraps(command)
    def wrapped(*args: Parameters.args, **options: Parameters.kwargs) -> None:
        try:
            command(*args, **options)
        except (EncoderError, DownloadError) as error:
            raise click.ClickException(str(error)) from None
        except ImportError as error:
            raise click.ClickException(
                f"{error.name} is not installed; training needs `pip install 'parapet[train]'`"
            ) from None

    return wrapped


@click.group()
def models() -> None:
    """Look at, verify, fetch, train and evaluate the models of the guards."""


@models.command(name="list")
@click.option("--as-json", is_flag=True, help="Print JSON instead of a table.")
@_told
def list_(as_json: bool) -> None:
    """Name the models that are here, and those that can be fetched."""
    here = _described(WEIGHTS)
    known = [
        {"name": name, "licence": model.licence, "megabytes": model.megabytes, "for": model.purpose}
        for name, model in CATALOGUE.items()
    ]
    if as_json:
        click.echo(json.dumps({"here": here, "to_fetch": known}, indent=2))
        return
    if "problem" in here:
        click.echo(here["problem"])
    else:
        click.echo(f"encoder {here['version']}  {here['megabytes']:.1f} MB  {here['folder']}")
        for name, value in here["measured"].items():
            click.echo(f"  {name}: {value}")
    click.echo("to fetch:")
    for each in known:
        click.echo(f"  {each['name']:<26} {each['megabytes']:>5} MB  {each['licence']:<11} {each['for']}")


@models.command()
@click.argument("name", type=click.Choice(["encoder", *CATALOGUE]))
@click.option("--to", type=_FOLDER, required=True, help="The folder to write into.")
@click.option(
    "--from", "source", default="", help="A folder or a URL that holds the files, such as your mirror's."
)
@_told
def fetch(name: str, to: Path, source: str) -> None:
    """Bring a model's files into a folder, each checked against its SHA-256 before it gets its name."""
    if name != "encoder":
        fetch_published(name, to, source=source, say=click.echo)
    elif source:
        fetch_encoder(source, to, say=click.echo)
    else:
        raise click.ClickException(
            "the encoder comes with Parapet; to bring another, say where it is: --from"
        )


@models.command()
@click.argument("folder", type=_EXISTING, required=False)
@_told
def verify(folder: Path | None) -> None:
    """Check every hash, and that this machine reads a known sentence as it should."""
    folder = folder or WEIGHTS
    encoder = Encoder.load(folder)
    begun = time.perf_counter()
    encoder.read([Passage(_TRIED)])
    elapsed_ms = (time.perf_counter() - begun) * 1000
    click.echo(f"{folder}: whole; version {encoder.manifest.version}; a sentence takes {elapsed_ms:.1f} ms")


@models.command()
@click.option("--data", type=_EXISTING, required=True, help="The folder with the public data.")
@click.option(
    "--work", type=_FOLDER, required=True, help="Where checkpoints lie; what is there is gone on with."
)
@click.option(
    "--out", type=_FOLDER, required=True, help="The folder to write the weights, card and evaluation to."
)
@click.option("--base", type=_EXISTING, help="A folder of all-MiniLM-L6-v2, if its package is not installed.")
@click.option(
    "--start", type=_EXISTING, help="The work folder of another run, to begin with what it learned."
)
@click.option("--version", default="1", show_default=True, help="What to call the result.")
@click.option("--pii", default=None, type=int, help="How many texts with personal data to learn from.")
@click.option("--injection", default=None, type=int, help="How many texts about injections.")
@click.option("--toxicity", default=None, type=int, help="How many toxic and other texts.")
@click.option("--seed", default=None, type=int, help="Where chance begins.")
@click.option("--minutes", type=float, help="Stop learning after so long and finish with what was learned.")
@click.option("--device", default="cpu", show_default=True, help="`cpu`, or PyTorch's name of a GPU: `cuda`.")
@_told
def train(
    data: Path,
    work: Path,
    out: Path,
    base: Path | None,
    start: Path | None,
    version: str,
    minutes: float | None,
    device: str,
    **chosen: int | None,
) -> None:
    """Learn from a folder of data: weights, card and evaluation come out."""
    from guardrails.training.recipe import Recipe, made  # noqa: PLC0415

    recipe = Recipe.chosen(device=device, **chosen)
    until = time.monotonic() + 60 * minutes if minutes else None
    result = made(
        data, work, out, recipe=recipe, base=base, start=start, version=version, say=_stamped(), until=until
    )
    click.echo(json.dumps(result, indent=2))


@models.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN=SHARE...")
@click.option("--data", type=_EXISTING, required=True, help="The folder with the public data.")
@click.option(
    "--work", type=_FOLDER, required=True, help="Where the blend is kept, for other runs to start with."
)
@click.option(
    "--out", type=_FOLDER, required=True, help="The folder to write the weights, card and evaluation to."
)
@click.option("--base", type=_EXISTING, help="A folder of all-MiniLM-L6-v2, if its package is not installed.")
@click.option("--version", default="1", show_default=True, help="What to call the result.")
@_told
def blend(runs: tuple[str, ...], data: Path, work: Path, out: Path, base: Path | None, version: str) -> None:
    """Average the weights of runs that went on from one another, each named by its work folder: `runs/4=0.4 runs/6=0.6`."""
    from guardrails.training.recipe import made_of  # noqa: PLC0415

    shares = dict(_share_of(run) for run in runs)
    result = made_of(shares, data, work, out, base=base, version=version, say=_stamped())
    click.echo(json.dumps(result, indent=2))


def _share_of(run: str) -> tuple[Path, float]:
    folder, _, share = run.rpartition("=")
    try:
        return Path(folder), float(share)
    except ValueError:
        raise click.BadParameter(f"{run!r} is not FOLDER=SHARE, such as runs/4=0.5") from None


@models.command()
@click.option("--data", type=_EXISTING, required=True, help="The folder with the public data.")
@click.option("--model", type=_EXISTING, help="A folder of weights; ours if not given.")
@click.option("--threads", default=2, show_default=True, help="So many threads compute.")
@_told
def evaluate(data: Path, model: Path | None, threads: int) -> None:
    """Judge weights on templates, documents and sources they did not learn from, and print every number as JSON."""
    from guardrails.training.recipe import judged_again  # noqa: PLC0415

    say = _stamped()
    click.echo(json.dumps(judged_again(data, model or WEIGHTS, threads=threads, say=say), indent=2))


def _described(folder: Path) -> dict[str, Any]:
    try:
        manifest = read_manifest(folder)
    except EncoderError as error:
        return {"problem": str(error)}
    size = sum(path.stat().st_size for path in folder.iterdir())
    evaluation = folder / "evaluation.json"
    measured = json.loads(evaluation.read_text())["summary"] if evaluation.is_file() else {}
    return {
        "folder": str(folder),
        "version": manifest.version,
        "megabytes": round(size / 1e6, 1),
        "measured": measured,
    }


def _stamped() -> Callable[[str], None]:
    begun = time.monotonic()
    return lambda line: click.echo(f"{time.monotonic() - begun:6.0f} s  {line}", err=True)
