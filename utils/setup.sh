#!/usr/bin/env bash
# Make .venv from the hash-locked requirements.txt. Run again, it does nothing unless the lock changed.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

print() { printf '%s\n' "$*" >&2; }
refuse() { print "error: $1"; print "  → $2"; exit 1; }
can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
apt_install() {
  print "installing $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null
}

exec 9<"$0" && flock 9  # two at once would break each other's .venv
want=$(sha256sum requirements.txt pyproject.toml | sha256sum | cut -d' ' -f1)
if [ "$(cat .venv/locked 2>/dev/null)" = "$want" ]; then exit 0; fi
[ ! -L .venv ] || refuse ".venv is a link to $(readlink .venv), which has other packages" "remove the link, then make setup"

works() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }
python=
for candidate in ${PYTHON:-python3.12 python3.11 python3}; do
  if works "$candidate"; then python=$candidate; break; fi
done
[ -n "$python" ] || refuse "no Python 3.11 or 3.12 among: ${PYTHON:-python3.12 python3.11 python3} ($(python3 -V 2>&1))" \
  "install one and name it: make setup PYTHON=python3.11 (kokoro 0.9.4 refuses 3.13; the code needs 3.11)"
[ "$(uname -m)" = x86_64 ] || refuse "the locked wheels are for x86-64, this machine is $(uname -m)" "use an x86-64 machine or the container"

free_gb=$(($(df -Pk . | awk 'NR==2 {print $4}') / 1048576))
[ "$free_gb" -ge 9 ] || refuse "the environment takes 7 GB, $free_gb GB are free here" "free some disk"

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then  # a package of its own in Debian and Ubuntu
  package=python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
  can_install || refuse "$python cannot make virtual environments" "sudo apt-get install $package, then make setup"
  apt_install "$package"
fi
if ! command -v sox >/dev/null && ! { can_install && apt_install sox libsox-fmt-all; }; then
  print "note: without the program sox, SPHERE, WavPack, AMR and GSM recordings cannot be read"
  print "  → sudo apt-get install sox libsox-fmt-all"
fi

print "making .venv with $("$python" -V) (about 6 GB, a few minutes)"
[ -x .venv/bin/python ] || "$python" -m venv .venv
# --no-deps: the lock is complete without webrtcvad, which needs a compiler; webrtcvad-wheels replaces it
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -e .
.venv/bin/python -c "import moien, torch"
printf '%s' "$want" >.venv/locked
print "done: .venv"
