# Shared by .ci/run and .ci/full: folders, and `part`, which runs one part of the work into a log.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
OUT=$ROOT/target/ci
LOGS=$OUT/logs
VENV=$OUT/venv
SHARED=$ROOT/../shared
export CI=true
# One profile for everything, and the same results in a terminal and in a log.
export CARGO_TERM_COLOR=never
mkdir -p "$LOGS"

TIMES=()

# part LOG "what it is" COMMAND...: prints minutes and one line of summary; on failure the log's tail, and stops.
part() {
    local log=$LOGS/$1.log name=$2 started=$SECONDS status
    shift 2
    printf '== %s\n' "$name"
    # In a condition `set -e` would be off inside the command.
    set +e
    (set -euo pipefail; "$@") >"$log" 2>&1 </dev/null
    status=$?
    set -e
    local minutes
    minutes=$(in_minutes $((SECONDS - started)))
    TIMES+=("$(printf '%6s min  %s' "$minutes" "$name")")
    if ((status != 0)); then
        printf '   FAILED with exit code %s after %s min; the end of %s:\n' "$status" "$minutes" "${log#"$ROOT"/}"
        tail -n "${TAIL:-80}" "$log" | sed 's/^/   | /'
        exit 1
    fi
    sed -n 's/^SUMMARY: /   /p' "$log"
    printf '   %s min\n' "$minutes"
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

# as_a_person COMMAND...: without root's power over other people's files. A learner is not root, and what only root can do
# would otherwise go unnoticed here.
as_a_person() {
    if ((EUID == 0)); then
        setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search "$@"
    else
        "$@"
    fi
}

in_minutes() {
    printf '%d.%d' $(($1 / 60)) $(($1 % 60 / 6))
}

# summary TEXT: a line of a part's log that also goes to the screen.
summary() {
    printf 'SUMMARY: %s\n' "$*"
}
