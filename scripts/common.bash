# shellcheck shell=bash
# What every script begins with: whatever a person has set, folders are found and files are made. Sourced.
set +o posix
unset CDPATH GREP_OPTIONS POSIXLY_CORRECT BASH_ENV ENV
export TERM=${TERM:-dumb}
if [ -z "${HOME:-}" ]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6) || HOME=
    export HOME=${HOME:-/tmp}
fi
if ! [ -d "${TMPDIR:-/tmp}" ] || ! [ -w "${TMPDIR:-/tmp}" ]; then
    echo "$(basename "$0"): TMPDIR=${TMPDIR:-/tmp} cannot be written to; using /tmp" >&2
    export TMPDIR=/tmp
fi

# The cache folder of all that vmlab keeps outside the checkout.
vmlab_cache() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/vmlab"; }

# progress WHAT: shows how far something is, from lines "DONE TOTAL" or "DONE % DETAIL" on stdin: in place on a terminal, in a log a line
# now and then, so that nobody takes it for dead. Says how long it took in the end.
progress() {
    local what=$1 began=$SECONDS next=$((SECONDS + 15)) terminal=no now='' status steps total detail
    if [ -t 2 ] && [ "$TERM" != dumb ]; then
        terminal=yes
    fi
    while true; do
        status=0
        read -r -t 1 steps total detail || status=$?
        if [ "$status" -eq 0 ]; then
            if [ "$total" = % ]; then
                now="$steps %${detail:+, $detail}"
            else
                now="$steps of $total steps, $((total - steps)) to go"
            fi
        elif [ "$status" -le 128 ]; then
            break  # the end; above 128 nothing came within the second
        fi
        if [ "$terminal" = yes ]; then
            printf '\r\033[K%.*s' "$(($(tput cols 2>/dev/null || echo 80) - 1))" "$what: ${now:-starting} ($((SECONDS - began)) s)" >&2
        elif [ "$SECONDS" -ge "$next" ]; then
            echo "$what: ${now:-starting} ($((SECONDS - began)) s)" >&2
            next=$((SECONDS + 15))
        fi
    done
    [ "$terminal" = no ] || printf '\r\033[K' >&2
    echo "$what: $((SECONDS - began)) s" >&2
}
