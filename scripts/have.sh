# Read by other scripts: have NAME WHAT-IS-LEFT-OUT COMMAND...
#
# Whether a command works; says what is left out if it does not.
have() {
    name=$1
    left_out=$2
    shift 2
    ! "$@" >/dev/null 2>&1 || return 0
    [ -z "${CI:-}" ] || { echo "$name is not installed, and CI leaves nothing out." >&2; exit 1; }
    echo "$name is not installed: $left_out."
    return 1
}
