# The bar on stderr: on a terminal, when a job is long, and gone in the end. script (of bsdutils)
# makes the terminal.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    command -v script >/dev/null || skip "no script, of util-linux or bsdutils"
    export LC_ALL=C.UTF-8 TERM=xterm
}

long=(count 1e14 --method sieve --backend openmp)

# on_terminal SHELL-COMMAND: runs it on a terminal of its own; what was written to that is in the
# file typescript.
on_terminal() {
    script -qec "$1" typescript >/dev/null </dev/null || true
    sed -i '1{/^Script started/d};${/^Script done/d}' typescript
}

screen() {
    "$PYTHON" "$CLI/screen.py" "$@" typescript
}

# All that was ever drawn has a line like the expression.
drew() {
    screen --all | grep -Eq -- "$1" || fail "never drawn: $1, but $(screen --all | head -40)"
}

drew_nothing() {
    ! screen --all | grep -Eq '%|/s' || fail "drawn: $(screen --all | head -40)"
}

@test "on a terminal: share, bar, rate and time left; when it ends it is gone" {
    # The work is measured, since machines differ: some seconds of it.
    n=5e9
    for _ in 1 2 3 4 5 6; do
        on_terminal "'$PARPRIME' count $n --method sieve --backend serial >answer"
        [ "$(screen --all | wc -l)" -lt 6 ] || break
        n="$n*4"
    done
    drew '^ *[0-9]+\.[0-9]% [ █▉▊▋▌▍▎▏]+ · [0-9.]+ [MG] numbers/s · .*[0-9]+ (s|min) left$'
    # The result line, and nothing besides it.
    [ "$(screen | grep -c .)" -eq 1 ] || fail "the screen: $(screen)"
    screen | grep -Eq '^[0-9]+ primes in [0-9.]+ s · serial' || fail "the screen: $(screen)"
    grep -Eqx '[0-9]+' answer || fail "the answer: $(cat answer)"
}

@test "answers on the same terminal stay whole" {
    on_terminal "timeout --foreground -s INT 30 '$PARPRIME' test --count --progress $((10**15 + 37)) --method trial 2^61-1"
    drew '%'
    [ "$(screen | head -2 | head -1)" = 2 ] || fail "the screen: $(screen)"
    screen | sed -n 2p | grep -q '^2 of 2 prime in ' || fail "the screen: $(screen)"
}

@test "nothing at first" {
    on_terminal "timeout --foreground -s INT 0.3 '$PARPRIME' ${long[*]}"
    drew_nothing
    on_terminal "'$PARPRIME' count 1e6"
    drew_nothing
    on_terminal "'$PARPRIME' test 7"
    drew_nothing
}

@test "not in a pipe or a file, and not with -q or --no-progress" {
    timeout -s INT 1.5 "$PARPRIME" "${long[@]}" 2>err || true
    [ "$(wc -l <err)" -eq 1 ] && grep -q '^parprime: SIGINT after ' err || fail "$(cat err)"
    ! grep -q $'[\r\033]' err || fail "escape sequences in a file"
    timeout -s INT 1.5 "$PARPRIME" "${long[@]}" 2>&1 | cat >err
    ! grep -q $'[\r\033]' err || fail "escape sequences in a pipe"
    for word in -q --no-progress "-q --progress"; do
        on_terminal "timeout --foreground -s INT 1.5 '$PARPRIME' ${long[*]} $word >answer"
        drew_nothing
    done
}

@test "--progress: lines where there is no terminal" {
    timeout -s INT 4 "$PARPRIME" "${long[@]}" --progress 2>more || true
    # A line a percent, or a minute: of so long a job there is none yet.
    [ "$(wc -l <more)" -le 4 ] || fail "too many: $(cat more)"
    ! grep -q $'[\r\033]' more || fail "escape sequences in a file"
    yes 2^4423-1 | head -100 >numbers
    timeout -s INT 4 "$PARPRIME" test --count --progress $(cat numbers) 2>err >answer || true
    grep -Eq '^ *[0-9.]+% .*numbers/s.* left$' err || fail "$(cat err)"
}

@test "lists: not over answers on the same terminal, but beside a file" {
    on_terminal "timeout --foreground -s INT 1.5 '$PARPRIME' list 1e18 1e18+1e12 --method mr -t 1"
    [ "$(wc -l <typescript)" -gt 100 ] || fail "no list"
    ! grep -Eq '%|/s' typescript || fail "drawn: $(grep -E '%|/s' typescript)"
    on_terminal "timeout --foreground -s INT 1.5 '$PARPRIME' list 1e18 1e18+1e12 --method mr -t 1 >answers"
    drew 'numbers/s'
    on_terminal "timeout --foreground -s INT 1.5 '$PARPRIME' list 1e18 1e18+1e12 --method mr -t 1 -o answers"
    drew 'numbers/s'
    ! grep -q '%' answers || fail "the bar is among the answers"
}

@test "signals take it away" {
    for signal in INT TERM; do
        on_terminal "timeout --foreground -s $signal 1.5 '$PARPRIME' ${long[*]} >answer"
        drew 'numbers/s'
        [ "$(screen | grep -c .)" -eq 1 ] || fail "the screen: $(screen)"
        screen | grep -q "^parprime: SIG$signal after " || fail "the screen: $(screen)"
    done
    # A second one ends the program at once, in a unit of some seconds.
    on_terminal "'$PARPRIME' test --count 18446744073709551557 --method trial --backend serial \
        >answer & sleep 1; kill -INT \$!; sleep 0.2; kill -INT \$!; wait"
    [ "$(screen | grep -c '%')" -eq 0 ] || fail "the screen: $(screen)"
}

@test "a comparison counts its runs" {
    on_terminal "timeout --foreground -s INT 2.5 '$PARPRIME' compare --backend serial --runs 500 \
        -- count 1e9 1e9+1e8 >answer"
    drew '^ *[0-9.]+% .* runs/s · .* left$'
    screen | grep -q "^parprime: SIGINT after .* of 500 timed runs" || fail "the screen: $(screen)"
}

@test "it fits the terminal" {
    on_terminal "stty cols 30; timeout --foreground -s INT 1.5 '$PARPRIME' ${long[*]} >answer"
    drew '%.*left$'
    screen --all | grep '%' | awk 'length > 29 { exit 1 }' || fail "$(screen --all)"
    on_terminal "stty cols 200; timeout --foreground -s INT 1.5 '$PARPRIME' ${long[*]} >answer"
    drew 'numbers/s .*left$'
}

@test "a dumb terminal: no escape sequences, no bar of blocks" {
    TERM=dumb on_terminal "timeout --foreground -s INT 1.5 '$PARPRIME' ${long[*]} >answer"
    drew '% \[[#.]+\], [0-9.]+ [MG] numbers/s, .* left$'
    ! grep -q $'\033' typescript || fail "escape sequences"
    ! LC_ALL=C grep -q $'[\x80-\xff]' <(screen --all | grep '%') || fail "more than ASCII"
    LC_ALL=C on_terminal "timeout --foreground -s INT 1.5 '$PARPRIME' ${long[*]} >answer"
    drew '% \[[#.]+\], '
}

@test "the iteration and numbers from a stream" {
    on_terminal "timeout --foreground -s INT 1.5 '$PARPRIME' iterate --steps 1e13"
    drew '% .*M steps/s'
    on_terminal "{ seq 1000; sleep 1; } | '$PARPRIME' test --count"
    drew '^1.00 k numbers · [0-9]+ s · .* numbers/s'
    screen | grep -qx 168 || fail "the screen: $(screen)"
}
