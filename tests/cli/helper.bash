# What the tests of the program share. PARPRIME names the program; PYTHON a Python 3 with the
# package jsonschema, which checks documents and nothing else.
bats_require_minimum_version 1.5.0

: "${PARPRIME:?names no program: PARPRIME=/path/to/parprime bats tests/cli}"
PARPRIME=$(realpath "$PARPRIME")
CLI=$(realpath "$BATS_TEST_DIRNAME")
SCHEMA=$CLI/../../docs/parprime.schema.json
if [ -z "${PYTHON:-}" ]; then
    PYTHON=/usr/bin/python3
    [ -x "$PYTHON" ] || PYTHON=python3
fi
# An instrumented program takes so many times as long as others, and is waited for so much longer.
: "${PARPRIME_TEST_SLOW:=1}"
unset OMP_NUM_THREADS OMP_THREAD_LIMIT OMP_DYNAMIC POSIXLY_CORRECT ARGP_HELP_FMT

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

# Whatever a test leaves running.
teardown() {
    local job
    for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null || true; done
}

fail() {
    {
        local message=$*
        echo "${message:0:2000}"
        echo "stdout: ${output:0:2000}"
        echo "stderr: ${stderr:0:2000}"
    } >&2
    return 1
}

# pp CODE WORD...: runs the program and holds its exit code against CODE. The answers are then in
# $output, all else in $stderr. Its input is what the caller's is.
pp() {
    local want=$1
    shift
    run --separate-stderr timeout $((60 * PARPRIME_TEST_SLOW)) "$PARPRIME" "$@"
    [ "$status" -eq "$want" ] || fail "parprime $*: exit code $status, not $want"
}

# The answers are these lines and no others.
answers() {
    local want
    want=$(printf '%s\n' "$@")
    [ "$output" = "$want" ] || fail "the answers should be: $want"
}

no_answers() {
    [ -z "$output" ] || fail "there should be no answers"
}

# stderr has this text in it.
says() {
    [[ $stderr == *"$1"* ]] || fail "stderr should say: $1"
}

# stderr is this, line for line.
says_just() {
    local want
    want=$(printf '%s\n' "$@")
    [ "$stderr" = "$want" ] || fail "stderr should be: $want"
}

says_nothing() {
    [ -z "$stderr" ] || fail "stderr should be empty"
}

# A refusal: exit code CODE, TEXT on stderr, nothing on stdout. refuses CODE TEXT WORD...
refuses() {
    local code=$1 text=$2
    shift 2
    pp "$code" "$@"
    no_answers
    says "$text"
}

# valid FILE...: documents that obey the schema. holds FILE PATH=VALUE...: and say this.
valid() {
    "$PYTHON" "$CLI/validate.py" "$SCHEMA" "$@"
}

holds() {
    "$PYTHON" "$CLI/validate.py" --holds "$SCHEMA" "$@"
}

# The backends that can be used here, serial first.
backends() {
    "$PARPRIME" devices | awk '!/not usable:/ && $1 ~ /:/ && !seen[$2]++ { print $2 }'
}

# The first usable device of a backend.
device_of() {
    "$PARPRIME" devices | awk -v backend=$1 '!/not usable:/ && $2 == backend { print $1; exit }'
}

has_backend() {
    backends | grep -qx "$1"
}

# The threads that openmp takes when nobody asks for a number of them.
cores() {
    "$PARPRIME" devices | sed -nE 's/^openmp:0 .* ([0-9]+) units?$/\1/p'
}

# The program is slower and larger under sanitizers; limits on memory cannot be set for it.
is_sanitized() {
    grep -Eqa '__(asan|tsan|msan)_init' "$PARPRIME"
}

is_release() {
    "$PARPRIME" --version | grep -q '^flags  *Rel' && ! is_sanitized
}

# begin WORD...: starts the program in the background, out and err are its files, $pid its number.
# It takes signals as in a terminal, whatever the shell has set for background jobs. Its input is
# the caller's; descriptor 4 is for the other end of it.
begin() {
    : >out
    : >err
    env --default-signal=INT,TERM,PIPE "$PARPRIME" "$@" <&0 >out 2>err 3>&- 4>&- &
    pid=$!
}

# ended SECONDS: waits for it, and no longer; its exit code is then in $status.
ended() {
    local end=$((SECONDS + $1 * PARPRIME_TEST_SLOW + 1))
    while kill -0 "$pid" 2>/dev/null; do
        if [ $SECONDS -gt $end ]; then
            output=$(head -c 2000 out) stderr=$(head -c 2000 err)
            fail "still running after $1 s"
            return 1
        fi
        sleep 0.01
    done
    status=0
    wait "$pid" || status=$?
    output=$(head -c 2000 out) stderr=$(cat err)
}

# Waits until what was begun is the program, and no longer a shell.
has_begun() {
    for _ in {1..500}; do
        [ "$(readlink "/proc/$pid/exe")" = "$PARPRIME" ] && return 0
        sleep 0.01
    done
    fail "the program does not begin: $(cat err)"
}

# Waits until it handles SIGINT and SIGTERM.
handles_signals() {
    local caught
    has_begun
    for _ in {1..500}; do
        caught=$(sed -n 's/^SigCgt:\t*//p' "/proc/$pid/status" 2>/dev/null) || break
        [ $((0x${caught:-0} & 0x4002)) -eq $((0x4002)) ] && return 0
        sleep 0.01
    done
    fail "the program does not handle signals: $(cat err)"
}

# wait_for TEXT FILE: until the file has a line of it.
wait_for() {
    for _ in {1..500}; do
        grep -qx -- "$1" "$2" && return 0
        sleep 0.01
    done
    fail "no line '$1' in $2: $(cat "$2")"
}
