#!/bin/sh
# Installs a cargo tool, unless it is there: `tool.sh PROGRAM CRATE@VERSION [cargo install options]`.
# Tools that are on the PATH are taken; others go below target/tools, and are kept from run to run.
set -eu
cd "$(dirname "$0")/.."
program=$1
crate=$2
shift 2

PATH="$PWD/target/tools/bin:$PATH"
if command -v "$program" >/dev/null; then
    exit 0
fi
echo "Installing $crate into target/tools"
# Their sources are built once: without optimization that takes half the time.
CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_DEBUG=false \
    cargo install "$crate" --locked --quiet --root target/tools "$@"
