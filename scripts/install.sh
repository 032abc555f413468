#!/bin/sh
# Installs what is missing, with the system's package manager: `install.sh demo` for running Saoma,
# `install.sh demo-cluster` for several instances, `install.sh test` for its tests too, `install.sh
# bench` for the servers that Saoma is measured against. Silent when all is there. Leaves no service
# running that was not running before.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:?"demo, demo-cluster, test or bench"}

# The oldest PostgreSQL that Saoma works with, and the one to take where the system's is older.
minimum_postgresql=15
newer_postgresql=16

main() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "Please install these first, by the names they have on this system:" $missing >&2
        exit 1
    fi
    if [ "$(id -u)" != 0 ]; then
        become_root
    fi
    echo "Installing with apt-get:" $missing
    install_packages $missing
}

# --- What is missing ---------------------------------------------------------

missing_packages() {
    have cc || echo gcc libc6-dev
    have_postgresql || echo postgresql
    [ "$purpose" != demo ] || return 0
    have nginx || echo nginx
    have redis-server || echo redis-server
    have setsid || echo util-linux
    [ "$purpose" != demo-cluster ] || return 0
    have node || echo nodejs
    have npm || echo npm
    have python3 || echo python3
    python3 -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
    [ "$purpose" != bench ] || { have_nchan || echo libnginx-mod-nchan; return 0; }
    # The fuzzer is C++.
    have c++ || echo g++
    have systemd-analyze || echo systemd
    have ip || echo iproute2
    have_faketime || echo libfaketime
    # It counts instructions.
    have valgrind || echo valgrind
    have chromedriver || echo chromium-driver
    have chromium || have chromium-browser || have google-chrome || echo chromium
    have go || echo golang-go
    [ -n "$(fc-list :lang=zh-cn 2>/dev/null)" ] || echo fonts-noto-cjk fontconfig
}

# Ordinary users have no sbin on their path, where nginx lies.
have() {
    PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null
}

have_faketime() {
    ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1
}

have_nchan() {
    [ -f /usr/lib/nginx/modules/ngx_nchan_module.so ]
}

have_postgresql() {
    for dir in $(pg_config --bindir 2>/dev/null) /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /usr/bin \
        /usr/local/bin; do
        [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] || continue
        major=$("$dir/postgres" --version | sed 's/.*(PostgreSQL) \([0-9]*\).*/\1/')
        [ "$major" -lt "$minimum_postgresql" ] || return 0
    done
    return 1
}

# --- Installing, as root -----------------------------------------------------

# Starts this script again as root, or says how to, and ends.
become_root() {
    if have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        echo "Some packages are missing ($(echo $missing)); sudo installs them."
        exec sudo "$PWD/scripts/install.sh" "$purpose"
    fi
    echo "Some packages are missing ($(echo $missing)), and installing them needs root." \
        "Run this as root, then the same command again as yourself:" >&2
    echo "    $PWD/scripts/install.sh $purpose" >&2
    exit 1
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    trap leave_no_trace EXIT
    forbid_services_to_start
    apt_get update
    case " $* " in *" postgresql "*) prepare_postgresql ;; esac
    packages=
    for package in "$@"; do
        packages="$packages $(name_here "$package")"
    done
    apt_get install --no-install-recommends $packages
    # Started it was not; at the next boot it shall not be either.
    for service in nginx redis-server; do
        case " $* " in *" $service "*) ! have systemctl || systemctl disable --quiet "$service" || true ;; esac
    done
}

apt_get() {
    command=$1
    shift
    apt-get "$command" -q -y -o DPkg::Lock::Timeout=120 "$@"
}

name_here() {
    case $1 in
        postgresql) echo "$postgresql" ;;
        # Ubuntu's browser has other names.
        chromium) is_available chromium && echo chromium || echo chromium-browser ;;
        chromium-driver) is_available chromium-driver && echo chromium-driver || echo chromium-chromedriver ;;
        *) echo "$1" ;;
    esac
}

is_available() {
    apt-cache show "$1" >/dev/null 2>&1
}

# Saoma wants the programs only. The packages would make a database of their own and run it: not so
# while this file lies there. Databases that exist are not touched by it.
no_cluster=/etc/postgresql-common/createcluster.d/saoma-install.conf

prepare_postgresql() {
    postgresql=postgresql
    apt_get install --no-install-recommends postgresql-common
    mkdir -p "$(dirname "$no_cluster")"
    echo 'create_main_cluster = false' >"$no_cluster"
    if ! grep -q createcluster.d /etc/postgresql-common/createcluster.conf; then
        # Versions of the package that know no such folder.
        cp -p /etc/postgresql-common/createcluster.conf "$no_cluster.kept"
        echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
    fi
    version=$(apt-cache show postgresql | sed -n 's/^Version: \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
    if [ "${version:-0}" -lt "$minimum_postgresql" ]; then
        echo "This system's PostgreSQL ${version:-} is too old for Saoma: adding the repository of the" \
            "PostgreSQL project (apt.postgresql.org), for PostgreSQL $newer_postgresql."
        apt_get install --no-install-recommends ca-certificates gnupg
        /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
        postgresql=postgresql-$newer_postgresql
    fi
}

# Debian's way to say that packages being installed may start no service (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d

forbid_services_to_start() {
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\n# Of an installation under way; removed at its end.\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        our_policy=yes
    fi
}

leave_no_trace() {
    [ -z "${our_policy:-}" ] || rm -f "$policy"
    if [ -e "$no_cluster.kept" ]; then
        mv "$no_cluster.kept" /etc/postgresql-common/createcluster.conf
    fi
    rm -f "$no_cluster"
}

main
