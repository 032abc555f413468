#!/bin/sh
# Holds the files of deploy/ against the tools that know their forms, and against each other.
# What is not installed is left out, but not in CI. Real requests through nginx-cluster.conf are in
# tests/process/load_balancer.rs. Images are not built here.
set -eu
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1
# nginx lies where ordinary users do not look.
export PATH="$PATH:/usr/sbin:/sbin"

. scripts/have.sh
unchecked="what it checks in deploy/ is not checked"

if have systemd-analyze "$unchecked" systemd-analyze --version; then
    units=$(mktemp -d "${TMPDIR:-/tmp}/saoma-units-XXXXXX")
    trap 'rm -rf "$units"' EXIT
    trap 'exit 130' INT TERM
    # A program that is there, since verify looks for it; and a template is looked at as one of it.
    for unit in saoma.service saoma@.service; do
        sed 's#/usr/local/bin/saoma#/bin/true#' "deploy/$unit" >"$units/$(echo "$unit" | sed 's/@/@1/')"
    done
    said=$(systemd-analyze verify --man=no "$units"/*.service 2>&1) || { echo "$said" >&2; exit 1; }
    # What it does not know it only warns of.
    [ -z "$said" ] || { echo "$said" >&2; exit 1; }
    for unit in "$units"/*.service; do
        # In tenths: 2.0 of 10 is the most that the unit may leave open.
        systemd-analyze security --no-pager --offline=true --threshold=20 "$unit" >"$units/said" ||
            { cat "$units/said" >&2; exit 1; }
    done
    echo "deploy: systemd's units are sound"
fi

python=$(scripts/venv.sh deploy tests/deploy/requirements.txt)
[ -n "$python" ] || exit 0
tools=$(dirname "$python")
"$tools/hadolint" deploy/Dockerfile
"$tools/check-jsonschema" --builtin-schema vendor.compose-spec deploy/compose.yaml
# The newest that the tool knows, and the oldest that the manifests are for.
for version in 1.37.0 1.30.0; do
    "$tools/kubernetes-validate" --quiet --strict --kubernetes-version "$version" \
        deploy/kubernetes/*.yaml
done
echo "deploy: image, compose file and manifests have the right form"
have nginx "$unchecked" nginx -v || exit 0
"$python" tests/deploy/agree.py
