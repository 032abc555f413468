#!/bin/sh
# Two instances of Saoma with a PostgreSQL, a Redis, an nginx and a simulated WeChat and phone, all
# on this machine's loopback, until Ctrl-C: `demo-cluster.sh path/to/saoma`. Nothing is kept.
#     PORTS="page phone instance instance admin admin"   where they listen
set -eu
cd "$(dirname "$0")/.."
saoma=$(realpath "${1:?"the path of saoma"}")
set -- ${PORTS:-8080 8090 8081 8082 9181 9182}
page=$1 phone=$2 instance_1=$3 instance_2=$4 admin_1=$5 admin_2=$6

# Short, since sockets lie there; nginx's workers may be another user's.
dir=$(mktemp -d /tmp/saoma-cluster-XXXXXX)
chmod 711 "$dir"
# Ordinary users have no sbin on their path, where nginx lies.
PATH=$PATH:/usr/sbin

main() {
    mkfifo "$dir/life" "$dir/database"
    # Before there is anything to end.
    end_all <"$dir/life" 8>"$dir/database" &
    ender=$!
    trap stop EXIT
    trap 'exit 0' INT TERM HUP
    exec 9>"$dir/life"
    start_database
    start redis redis-server --port 0 --unixsocket "$dir/redis.sock" --save '' --dir "$dir"
    app_id=wx0123456789abcdef app_secret=$(secret | tr -d '_-' | head -c 32)
    start wechat "$saoma" simulate --listen "127.0.0.1:$phone" \
        --app-id "$app_id" --app-secret "$app_secret" \
        --public-url "http://localhost:$phone" --saoma-url "http://127.0.0.1:$page"
    settings
    start instance-1 instance 1 "$instance_1" "$admin_1"
    start instance-2 instance 2 "$instance_2" "$admin_2"
    write_nginx
    start nginx nginx -p "$dir" -c nginx.conf -e nginx.log
    for address in "127.0.0.1:$admin_1" "127.0.0.1:$admin_2" "127.0.0.1:$page"; do
        until_ready "$address"
    done
    say
    wait
}

say() {
    cat <<END

  Two instances of Saoma are ready.  两个实例已就绪。

  1. Login page  登录页      http://localhost:$page/
  2. Phone       模拟手机    http://localhost:$phone/phone

  Open both in a browser and let the phone scan the page's code; nginx leads each request to
  either instance.  在浏览器里打开两个地址，用模拟手机扫码；nginx 会把请求分给任一实例。

  Instances      实例        http://localhost:$admin_1/readyz  http://localhost:$admin_2/readyz
  Logs           日志        $dir/*.log
  One that is killed comes back  杀掉一个实例，它会自动恢复：
                             kill -9 \$(cat $dir/1.pid)

  Ctrl-C stops all of it, and nothing is kept.  Ctrl-C 停止，不保留任何数据。

END
}

# --- The parts -----------------------------------------------------------------

# In a session of its own: a terminal's Ctrl-C is for this script.
start() {
    log=$dir/$1.log
    shift
    case $1 in
        # A function of this script.
        instance) "$@" >"$log" 2>&1 & ;;
        *) setsid "$@" >"$log" 2>&1 9>&- & ;;
    esac
    echo "$!" >>"$dir/parts"
}

# It lives as long as the one who ends all the rest.
start_database() {
    setsid scripts/with-postgres.sh sh -c 'echo "$DATABASE_URL" >"$1/url.new"
        mv "$1/url.new" "$1/url"; cat' - "$dir" <"$dir/database" >"$dir/postgres.log" 2>&1 9>&- &
    database=$!
    until [ -f "$dir/url" ]; do
        is_alive "$database"
        sleep 0.1
    done
}

settings() {
    DATABASE_URL=$(cat "$dir/url")
    SAOMA_SECRET_KEY=$(secret)
    REDIS_URL=redis+unix://$dir/redis.sock
    export DATABASE_URL SAOMA_SECRET_KEY REDIS_URL
    export SAOMA_PUBLIC_URL="http://localhost:$page" SAOMA_TRUSTED_PROXIES=127.0.0.1
    export SAOMA_SITE_NAME="Saoma Demo" SAOMA_DATA_DIR="$dir/data" SAOMA_CODES=live
    export SAOMA_WECHAT_APP_ID="$app_id" SAOMA_WECHAT_APP_SECRET="$app_secret"
    export SAOMA_WECHAT_BASE_URL="http://127.0.0.1:$phone" SAOMA_DRAIN=1s
}

# 32 random bytes in base64url.
secret() {
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'
}

# An instance, and the next of its name after it has died, as systemd would do it.
instance() {
    exec 9>&-
    trap 'kill "$process" 2>/dev/null; wait "$process"; exit' TERM
    while :; do
        SAOMA_INSTANCE=$1 SAOMA_LISTEN=127.0.0.1:$2 SAOMA_ADMIN_LISTEN=127.0.0.1:$3 \
            setsid "$saoma" serve &
        process=$!
        echo "$process" >"$dir/$1.pid"
        wait "$process" || true
        sleep 2 &
        process=$!
        wait "$process"
    done
}

# deploy/nginx-cluster.conf with its list of instances, without TLS and on loopback.
write_nginx() {
    awk -v page="$page" '
        /^server {/ { servers++ }
        # The first leads from http to https.
        servers == 1 { next }
        /listen \[::\]|ssl_/ { next }
        /listen 443 ssl;/ { sub("443 ssl", "127.0.0.1:" page) }
        /server_name/ { sub("login.example.com", "localhost") }
        { print }
    ' deploy/nginx-cluster.conf >"$dir/site.conf"
    sed "s/127.0.0.1:8081/127.0.0.1:$instance_1/; s/127.0.0.1:8082/127.0.0.1:$instance_2/" \
        deploy/nginx-instances.conf >"$dir/saoma-instances.conf"
    cat >"$dir/nginx.conf" <<END
daemon off;
pid nginx.pid;
events {}
http {
    access_log requests.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
END
}

# --- Begin and end -----------------------------------------------------------

until_ready() {
    tries=0
    until SAOMA_ADMIN_LISTEN=$1 "$saoma" healthcheck >/dev/null 2>&1; do
        while read -r part; do
            is_alive "$part"
        done <"$dir/parts"
        tries=$((tries + 1))
        [ "$tries" -lt 120 ] || give_up "nothing answers at $1"
        sleep 0.5
    done
}

is_alive() {
    kill -0 "$1" 2>/dev/null || give_up "a part of it has ended"
}

give_up() {
    tail -n 3 "$dir"/*.log >&2 || true
    echo "The demo does not start: $1. Are the ports $page, $phone, $instance_1, $instance_2," \
        "$admin_1 and $admin_2 free? PORTS has others." >&2
    exit 1
}

stop() {
    trap '' INT TERM HUP
    exec 9>&-
    wait "$ender" || true
    [ -z "${database:-}" ] || wait "$database" || true
}

# Reads what nobody writes: it ends when the pipe's other end is closed, which this script alone
# holds, so all ends with it also after `kill -9`. The last part first: nobody looks for what has gone.
end_all() {
    trap '' INT TERM HUP
    cat >/dev/null
    for part in $(tac "$dir/parts" 2>/dev/null); do
        end "$part"
    done
    rm -rf "$dir"
}

end() {
    tries=0
    kill "$1" 2>/dev/null || true
    while kill -0 "$1" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 150 ] || kill -KILL "$1" 2>/dev/null || true
        sleep 0.1
    done
}

main
