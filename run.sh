#!/usr/bin/env bash
# Runs a recipe: finds the environment and starts `moien run`. `./run.sh --help` lists the options.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
python=${MOIEN_PYTHON:-$here/.venv/bin/python}
if [ ! -x "$python" ]; then
  printf 'error: there is no environment at %s\n  → make setup   (or set MOIEN_PYTHON to a python that has moien)\n' "$python" >&2
  exit 1
fi
# The code of this checkout, also where the environment or (-P) the current folder is of another one.
export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" -P -m moien run "$@"
