#!/bin/sh
# Feeds made-up input to the parsers of strangers' bytes (fuzz/): `fuzz.sh SECONDS [TARGET]` gives
# each target SECONDS, two at a time, beginning with the committed corpus. A target that fails ends
# it, and its input is printed.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?"seconds for each target"}
export PATH="$PWD/target/tools/bin:$PATH"

# Two, for two processors: a target uses one.
at_once=2

out=$PWD/target/fuzz
programs=$out/$(rustc --print host-tuple)/release
# Nothing that a stranger sends is longer, and no parser needs more time or memory than this.
limits="-max_len=8192 -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=64"

main() {
    targets=${2:-$(ls fuzz/fuzz_targets | sed 's/\.rs$//')}
    scripts/tool.sh cargo-fuzz cargo-fuzz@0.13.2
    cargo fetch --quiet --locked --manifest-path fuzz/Cargo.toml
    # Without a sanitizer, so that the stable compiler will do: there is no unsafe code to watch.
    cargo fuzz build --sanitizer none --target-dir "$out"
    for target in $targets; do
        echo "$target"
    done | xargs -n 1 -P "$at_once" "$0" --run "$seconds"
}

# Runs one target on a copy of its corpus, since the fuzzer adds what it finds.
run() {
    target=$1
    began=$(date +%s)
    found=$out/found/$target
    failed=$out/failed/$target
    rm -rf "$found" "$failed"
    mkdir -p "$found" "$failed"
    words=fuzz/dictionaries/$target.dict
    [ ! -f "$words" ] || limits="$limits -dict=$words"
    if "$programs/$target" $limits -max_total_time="$seconds" -print_final_stats=1 \
        -artifact_prefix="$failed/" "$found" "fuzz/corpus/$target" >"$out/$target.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$target.log")
        echo "fuzz: $target: $runs inputs in $(($(date +%s) - began)) s, none fails"
        return
    fi
    # In one piece, beside the other target's lines.
    {
        echo "fuzz: $target FAILS:"
        grep -A 4 -E "panicked at|ERROR: libFuzzer" "$out/$target.log"
        for input in "$failed"/*; do
            echo "The input:"
            od -A d -t x1z "$input" | head -n 64
            echo "The same as a file, for the next run and, with the mend, for fuzz/corpus/$target:"
            echo "    $programs/$target $input"
        done
    } >"$out/$target.failure"
    cat "$out/$target.failure" >&2
    # Tells xargs to begin no other.
    exit 255
}

if [ "$seconds" = --run ]; then
    seconds=$2
    run "$3"
else
    main "$@"
fi
