#!/bin/sh
# Measures Saoma beside other servers: `bench.sh quick [NAME…]`, `bench.sh full`, or `bench.sh smoke`
# to see in seconds that it works. What the peers need is built and installed below target/ (but
# Node's packages, which lie beside their programs), as their lock files say. See benches/peers.rs.
set -eu
cd "$(dirname "$0")/.."
export SQLX_OFFLINE=true
# nginx lies where ordinary users do not look.
export PATH="$PATH:/usr/sbin:/sbin"

target=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --release --locked --manifest-path benches/peers/rust/Cargo.toml --target-dir "$target/peers"
export PEERS_PROGRAMS="$target/peers/release"
PEERS_PYTHON=$(scripts/venv.sh channels benches/peers/channels/requirements.txt)
export PEERS_PYTHON
[ -n "$PEERS_PYTHON" ] || exit 1
(cd benches/peers/node && npm ci --no-audit --no-fund --loglevel=error)

exec cargo bench --locked --bench peers -- "$@"
