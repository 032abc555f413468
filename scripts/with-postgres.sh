#!/bin/sh
# Runs a command with DATABASE_URL set to an empty PostgreSQL database that is thrown away after:
#     scripts/with-postgres.sh cargo sqlx prepare --check
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(pg_config --bindir)

dir=$(mktemp -d /tmp/saoma-throwaway-XXXXXX)
as() {
    "$@"
}
# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    chown postgres "$dir"
    as() {
        (cd / && runuser -u postgres -- "$@")
    }
fi

finish() {
    as "$bin/pg_ctl" -D "$dir/data" -m immediate -w -t 30 stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

as "$bin/initdb" -D "$dir/data" -U saoma -E UTF8 --locale=C -A trust --no-sync >/dev/null
as "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" \
    -o "-c listen_addresses= -k $dir -c fsync=off" start >/dev/null
as "$bin/createdb" -h "$dir" -U saoma saoma

DATABASE_URL="postgresql:///saoma?host=$dir&user=saoma" "$@"
