#!/bin/sh
# Ends with one sentence if Rust is missing or older than Cargo.toml asks for.
set -eu
cd "$(dirname "$0")/.."

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v cargo >/dev/null || ! found=$(rustc --version 2>/dev/null); then
    echo "Saoma needs Rust $wanted or newer, which is not here: install it from https://rustup.rs" \
        "and open a new terminal." >&2
    exit 1
fi
found=$(echo "$found" | cut -d ' ' -f 2)
oldest=$(printf '%s\n%s\n' "$wanted" "${found%%-*}" | sort -V | head -n 1)
if [ "$oldest" != "$wanted" ]; then
    echo "Saoma needs Rust $wanted or newer, and this is $found: run \`rustup update stable\`, or" \
        "install Rust from https://rustup.rs." >&2
    exit 1
fi
