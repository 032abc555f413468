#!/bin/sh
# Runs the load cases at full size, one after the other, and sums up: `soak.sh [case…]`, all by
# default. Each case is a function below, bounded in time; `make test` has its shortened form.
set -eu
cd "$(dirname "$0")/.."
export SQLX_OFFLINE=true

# H1, H2, W6, W7: thousands of bad peers of each kind for five minutes, and no login fails.
abuse() {
    ABUSE_PEERS=${ABUSE_PEERS:-2500} ABUSE_SECONDS=${ABUSE_SECONDS:-300} \
        timeout 1200 cargo bench --locked --bench abuse
}

# H6: thousands of waiting sockets: what they cost, and that they stay.
idle() {
    IDLE_SOCKETS=${IDLE_SOCKETS:-9000} timeout 1200 cargo bench --locked --bench idle
}

# W10: made-up input for the parsers, for an hour in all.
fuzz() {
    targets=$(ls fuzz/fuzz_targets | wc -l)
    # Two at a time.
    scripts/fuzz.sh "${FUZZ_SECONDS:-$((3600 * 2 / targets))}"
}

# A3, A9, L4, H6, H7: the catalogue's load cases in full, one after the other: server and clients
# share one process and its open files.
catalogue() {
    SAOMA_SOAK=1 RUST_TEST_THREADS=1 timeout 3600 cargo test --locked --test api security::
}

# K1, K2, R8: thousands of sockets on instances that are stopped, restarted or killed.
instances() {
    SAOMA_SOAK=1 RUST_TEST_THREADS=1 timeout 3600 cargo test --locked --test process \
        -- k1_ k2_ r8_
}

# R1, R3, R8: pushes, recovery and costs at several instances, and no login is lost.
cluster() {
    timeout 1800 cargo bench --locked --bench cluster
}

summary=
failed=0
for case in ${*:-abuse idle catalogue instances cluster fuzz}; do
    echo "==> $case"
    began=$(date +%s)
    if "$case"; then said=passed; else said=FAILED failed=1; fi
    summary="$summary$(printf '%6s s  %-8s %s' $(($(date +%s) - began)) "$said" "$case")
"
done
printf '\n%s' "$summary"
exit $failed
