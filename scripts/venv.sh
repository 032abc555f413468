#!/bin/sh
# A Python environment below the target folder with exactly what a requirements file lists:
# `venv.sh NAME REQUIREMENTS` makes it, unless it is there, and prints its Python. Without Python
# 3.11 or newer it prints nothing, but fails in CI.
set -eu
cd "$(dirname "$0")/.."
venv=${CARGO_TARGET_DIR:-$PWD/target}/$1-venv
wanted=$2

if ! python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 with venv is not installed: what needs $wanted is left out." >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
fi
# Tests that run at once make it once.
mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"
! command -v flock >/dev/null || flock 9
if ! cmp -s "$wanted" "$venv/installed"; then
    python3 -m venv --clear "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$wanted" >&2
    cp "$wanted" "$venv/installed"
fi
echo "$venv/bin/python"
