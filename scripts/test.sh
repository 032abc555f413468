#!/bin/sh
# Runs all tests: Rust, the mini program, and what the browser test needs from npm.
set -eu
cd "$(dirname "$0")/.."
export SQLX_OFFLINE=true
# nginx lies where ordinary users do not look.
export PATH="$PATH:/usr/sbin:/sbin"

for folder in tests/browser tests/clients; do
    (cd "$folder" && npm ci --no-audit --no-fund)
done

# Some of the browser tests run the mini program before the server.
(cd miniprogram && npm ci --no-audit --no-fund)

# The S3 of the tests and a socket's client, here so that no test waits for its installation.
scripts/venv.sh s3 tests/s3/requirements.txt >/dev/null
scripts/venv.sh clients tests/clients/requirements.txt >/dev/null

# Every secret that the tests meet, and every log of the servers under test.
canaries="${CARGO_TARGET_DIR:-$PWD/target}/canaries"
rm -rf "$canaries"
mkdir -p "$canaries"

# The tests mostly wait: for processes, browsers and the database.
SAOMA_CANARIES="$canaries" RUST_TEST_THREADS=${RUST_TEST_THREADS:-4} cargo test --locked
scripts/canaries.sh "$canaries"

# All of that ran over the standalone server's transport. What is about sockets runs once more over
# the one of applications that mount the routes.
SAOMA_TEST_TRANSPORT=actors RUST_TEST_THREADS=${RUST_TEST_THREADS:-4} cargo test --locked --test api -- \
    bad_frames:: clients:: corpus:: handshakes:: messages:: origins:: resume:: security::load:: \
    security::socket:: session:: slow_readers:: two_tabs:: upgrade::

# The examples and the API's description, against servers and simulators of their own: the program that the tests above
# have built, since another build of it has other features and takes minutes.
export SAOMA_PROGRAM="${CARGO_TARGET_DIR:-$PWD/target}/debug/saoma"
scripts/test-integrate.sh
scripts/test-openapi.sh
scripts/test-deploy.sh

(cd miniprogram && npm test)
