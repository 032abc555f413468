#!/bin/sh
# Runs the examples of examples/integrate against a real server, with a database that is thrown
# away after. A language that is not installed is left out, but not in CI.
set -eu
cd "$(dirname "$0")/.."
export SQLX_OFFLINE=true PYTHONDONTWRITEBYTECODE=1
# nginx lies where ordinary users do not look.
export PATH="$PATH:/usr/sbin:/sbin"

target=${CARGO_TARGET_DIR:-target}
examples=examples/integrate
# Another program to test, instead of building one.
if [ -z "${SAOMA_PROGRAM:-}" ]; then
    cargo build --locked --bin saoma
    SAOMA_PROGRAM=$target/debug/saoma
fi

. scripts/have.sh
untested="its example is not tested"

have Node.js "$untested" node --version
data=$(mktemp -d "${TMPDIR:-/tmp}/saoma-integrate-XXXXXX")
trap 'rm -rf "$data"' EXIT
trap 'exit 130' INT TERM

# One argument for each service: its name and the command that starts it.
set -- "node=node $examples/node/server.mjs"
if have "Python 3 with venv" "$untested" python3 -c 'import ensurepip, venv'; then
    venv=$target/integrate-venv
    if ! "$venv/bin/python" -c 'import jwt, cryptography' 2>/dev/null; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check \
            -r "$examples/python/requirements.txt"
    fi
    set -- "$@" "python=$venv/bin/python -u $examples/python/server.py"
fi
if have Go "$untested" go version; then
    (cd "$examples/go" && go vet . && go build -buildvcs=false -o "$data/service" .)
    set -- "$@" "go=$data/service"
fi

scripts/with-postgres.sh node "$examples/test/run.mjs" "$SAOMA_PROGRAM" "$data" "$@"
