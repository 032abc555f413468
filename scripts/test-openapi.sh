#!/bin/sh
# Holds docs/openapi.json against a demo server with schemathesis: `test-openapi.sh [SECONDS]`.
# Without Python 3.11 or newer it is left out, but not in CI.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
export PYTHONDONTWRITEBYTECODE=1

target=${CARGO_TARGET_DIR:-target}
# Another program to test, instead of building one.
if [ -z "${SAOMA_PROGRAM:-}" ]; then
    SQLX_OFFLINE=true cargo build --locked --bin saoma
    SAOMA_PROGRAM=$target/debug/saoma
fi

if ! python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 with venv is not installed: the API's description is not tested."
    [ -z "${CI:-}" ] || exit 1
    exit 0
fi
venv=$target/openapi-venv
wanted=tests/openapi/requirements.txt
if ! cmp -s "$wanted" "$venv/installed"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$wanted"
    cp "$wanted" "$venv/installed"
fi
exec "$venv/bin/python" tests/openapi/run.py "$SAOMA_PROGRAM" "$seconds"
