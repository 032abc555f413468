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

python=$(scripts/venv.sh openapi tests/openapi/requirements.txt)
[ -n "$python" ] || exit 0
exec "$python" tests/openapi/run.py "$SAOMA_PROGRAM" "$seconds"
