# --ledger: what was done is not done again, and nothing but the whole truth comes of it.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    run "$PARPRIME" count 10 -q --ledger probe
    has_ledger=yes
    if [ "$status" -eq 4 ]; then
        has_ledger=
        [[ $BATS_TEST_DESCRIPTION == *"built without"* ]] || skip "this build has no ledger"
    fi
    rm -f probe
}

sql() {
    /usr/bin/env python3 - "$@" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for row in db.execute(sys.argv[2]):
    print("|".join("" if value is None else str(value) for value in row))
db.commit()
END
}

# interrupt SECONDS WORD...: the program, ended by a signal after so long.
interrupt() {
    local seconds=$1
    shift
    begin "$@"
    handles_signals
    sleep "$seconds"
    kill -INT $pid 2>/dev/null || true # it may be done
    ended 10
}

@test "a count with a ledger is the count without" {
    pp 0 count 1e9
    want=$output want_digest=${stderr##*digest }
    pp 0 count 1e9 --ledger L
    answers "$want"
    says "digest $want_digest"
    pp 0 count 1e9 --ledger L
    answers "$want"
    says_just "$want primes, all from L · digest $want_digest"
    pp 0 count 1e9 --ledger L --format json
    echo "$output" >json
    holds json results.0.count=$want results.0.digest=$want_digest ledger.computed=0 \
        ledger.resumed=1000000001 ledger.file=L
    [ "$(sql L 'SELECT sum(count) FROM unit')" = $want ]
    [ "$(sql L 'PRAGMA integrity_check')" = ok ]
    [ ! -e L-journal ]
}

@test "edges of the range" {
    for range in "0 0" "2 2" "0 2" "2^64-59 2^64-1" "18446744073709551615 18446744073709551615" \
        "2^63-500 2^63+500" "2^64-100000 2^64-1"; do
        pp 0 count $range -q
        want=$output
        for _ in 1 2; do
            pp 0 count $range -q --ledger L
            answers "$want"
        done
        pp 0 list $range -q -o all
        for format in text u64; do
            for _ in 1 2; do
                pp 0 list $range -q --ledger M -o out --output-format $format
            done
            [ $format = u64 ] || cmp all out
            [ "$(sql M 'SELECT sum(count) FROM unit')" = "$want" ]
            rm -f M out
        done
        rm -f L
    done
}

@test "SIGINT, and another way to go on" {
    pp 0 count 3e9
    want=$output want_digest=${stderr##*digest }
    total=0
    for words in "--method sieve" "--method hybrid -t 1" "--method mr --backend serial" \
        "--method trial" "--method sieve --simd none"; do
        interrupt 0.3 count 3e9 --ledger L $words
        if [ $status -eq 0 ]; then
            total=3000000001
            break
        fi
        [ $status -eq 130 ] || fail "exit code $status"
        no_answers
        says "SIGINT after "
        says "L holds them: the same command goes on from there"
        [[ $stderr =~ after\ ([0-9]+)\ of\ 3000000001 ]]
        [ ${BASH_REMATCH[1]} -ge $total ] || fail "it goes back"
        total=${BASH_REMATCH[1]}
    done
    numbers='SELECT sum(CAST(hi AS INTEGER) - CAST(lo AS INTEGER) + 1) FROM unit'
    [ $total -eq 0 ] || [ "$(sql L "$numbers")" -eq $total ] || fail "it says another number"
    last=serial
    has_backend opencl && last=opencl
    pp 0 count 3e9 --ledger L --backend $last
    answers "$want"
    says "digest $want_digest"
    [ "$(sql L "$numbers")" = 3000000001 ]
}

@test "JSON of an interruption" {
    interrupt 0.3 count 1e13 --ledger L --format json
    [ $status -eq 130 ] || fail "exit code $status"
    mv out json
    [[ $stderr =~ after\ ([0-9]+)\ of ]]
    holds json results.#=0 interrupted.signal=SIGINT interrupted.done=${BASH_REMATCH[1]} \
        ledger.computed=${BASH_REMATCH[1]} ledger.resumed=0
}

@test "one row is away: it is done again, whichever it is" {
    "$PARPRIME" count 3e8 -q --ledger L
    pp 0 count 3e8
    want=$output want_digest=${stderr##*digest }
    # Rows taken out, with the total made true again.
    for n in $(sql L 'SELECT id FROM unit' | head -20); do
        cp L M
        "$PYTHON" "$CLI/forge.py" M delete $n
        pp 0 count 3e8 --ledger M
        answers "$want"
        says "digest $want_digest"
    done
}

@test "method pi has no digest, and may be mixed" {
    "$PARPRIME" count 1e6 -q --method pi || skip "no method pi"
    for _ in 1 2; do
        pp 0 count 1e6 --method pi --ledger L
        answers 78498
        [[ $stderr != *digest* ]] || fail "a digest"
    done
    pp 0 count 1e6 --ledger L --method sieve
    answers 78498
    "$PYTHON" "$CLI/forge.py" L delete 1
    pp 0 count 1e6 --ledger L --method sieve
    says "digest "
}

@test "of another job, answers or schema: refused" {
    "$PARPRIME" count 1e6 -q --ledger L
    cp L kept
    refuses 2 "of another job: of count 0 1000000, not of count 0 2000000" count 2e6 --ledger L
    refuses 2 "of another job" count 1 1e6 --ledger L
    refuses 2 "of another job" list 1e6 -o out --ledger L
    [ ! -e out ] || fail "the output was made"
    "$PARPRIME" list 1e5 -q -o out --ledger M
    cp out kept_out
    refuses 2 "of another job" list 1e5 -o out --output-format u64 --ledger M
    refuses 2 "of another job" count 1e5 --ledger M
    cmp out kept_out
    cmp L kept || fail "what was refused was written to"
    "$PYTHON" "$CLI/forge.py" L answers 2
    refuses 2 "answers of version 2" count 1e6 --ledger L
    cp kept L
    sql L 'PRAGMA user_version = 7'
    refuses 2 "of schema 7, and this program knows 1" count 1e6 --ledger L
    rm L
    sql L 'CREATE TABLE notes (text TEXT)'
    refuses 2 "no ledger of parprime" count 1e6 --ledger L
    seq 10000 >L
    cp L kept
    refuses 5 "damaged" count 1e6 --ledger L
    cmp L kept
}

@test "what is not a place for a ledger" {
    mkdir folder
    mkfifo pipe
    refuses 2 "is something else" count 10 --ledger folder
    refuses 2 "is something else" count 10 --ledger pipe
    refuses 2 "is something else" count 10 --ledger /dev/null
    refuses 2 "a ledger is a file" count 10 --ledger -
    refuses 2 "a ledger is a file" count 10 --ledger ""
    refuses 5 "unable to open" count 10 --ledger missing/L
    pp 0 count 10 -q --ledger :memory:
    [ -s :memory: ]
    refuses 2 "are one file" count 10 --ledger L -o L
    : >L
    ln L M
    refuses 2 "are one file" list 10 --ledger L -o M
    refuses 2 "are one file" list 10 --ledger L -o ./L
}

@test "a list needs a file, text and the usual order" {
    refuses 2 "needs --output FILE" list 10 --ledger L
    refuses 2 "needs --output FILE" list 10 --ledger L -o -
    refuses 2 "text only" list 10 --ledger L -o out --format json
    refuses 2 "text only" list 10 --ledger L -o out --format csv
    refuses 2 "ascending only" list 10 --ledger L -o out --order completion
    mkfifo pipe
    refuses 2 "not a file" list 10 --ledger L -o pipe
    refuses 2 "not a file" list 10 --ledger L -o /dev/null
}

@test "in use by another" {
    begin count 0 1e13 --ledger L
    handles_signals
    for _ in {1..100}; do [ ! -s L ] || break; sleep 0.02; done
    refuses 5 "in use by another process" count 0 1e13 --ledger L
    kill -INT $pid
    ended 10
    [ $status -eq 130 ] || fail "exit code $status"
}

@test "a list goes on where its file is whole" {
    for format in text u64; do
        rm -f L primes
        words=(list 2e9 -o primes --output-format $format)
        "$PARPRIME" "${words[@]}" -q
        want=$(md5sum <primes)
        rm primes
        echo "something else" >primes
        for t in 1 2 3; do
            interrupt 0.2 "${words[@]}" --ledger L -t $t
            [ $status -ne 0 ] || break
            [ $status -eq 130 ] || fail "exit code $status"
            [ $format = u64 ] || [ "$(tail -c 1 primes | od -An -c)" = '  \n' ] || fail "half a line"
            [ "$(stat -c %s primes)" -eq "$(sql L 'SELECT coalesce(max(output_end), 0) FROM unit')" ]
            last=$(sql L 'SELECT max(CAST(hi AS INTEGER)) FROM unit')
            [ $format = u64 ] || [ -z "$last" ] || [ "$(tail -n 1 primes)" -le $last ] || fail "too long"
            printf 123 >>primes # what a kill may leave behind
        done
        pp 0 "${words[@]}" --ledger L
        [ "$(md5sum <primes)" = "$want" ] || fail "another list"
        pp 0 "${words[@]}" --ledger L
        says "98222287 primes, all from L"
    done
}

@test "a list's file that was changed is refused" {
    interrupt 0.3 list 1e11 -o primes --ledger L
    [ $status -eq 130 ] || fail "exit code $status"
    size=$(stat -c %s primes)
    [ $size -gt 1000 ] || fail "nothing was listed"
    cp primes kept
    digit=9
    [ "$(tail -c +$((size / 2 + 1)) primes | head -c 1)" != 9 ] || digit=8
    printf $digit | dd of=primes conv=notrunc bs=1 seek=$((size / 2)) status=none
    cp primes changed
    refuses 5 "primes: was changed" list 1e11 -o primes --ledger L
    cmp primes changed
    cp kept primes
    truncate -s -1 primes
    refuses 5 "primes: is shorter" list 1e11 -o primes --ledger L
    rm primes
    refuses 2 "primes: No such file" list 1e11 -o primes --ledger L
    "$PARPRIME" list 1e5 -q -o primes --ledger M
    echo 7 >>primes
    refuses 5 "primes: is longer" list 1e5 -o primes --ledger M
}

@test "a ledger that cannot be written" {
    "$PARPRIME" count 1e6 -q --ledger L
    cp L kept
    # No room for its journal.
    status=0
    (
        trap '' XFSZ
        ulimit -f 1
        exec "$PARPRIME" count 1e9 --ledger M >out 2>err
    ) || status=$?
    [ $status -eq 5 ] || fail "exit code $status"
    [ ! -s out ] || fail "an answer"
    status=0
    (
        trap '' XFSZ
        ulimit -f 40
        exec "$PARPRIME" count 1e13 --ledger N >out 2>err
    ) || status=$?
    [ $status -eq 5 ] || fail "exit code $status"
    [ ! -s out ] || fail "an answer"
    grep -q "ledger N" err
    "$PARPRIME" count 10 -q --ledger O
    # What root may write to anyhow is not refused.
    mkdir folder
    cp L folder/L
    chmod 555 folder
    chmod 444 folder/L
    as=()
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --clear-groups test -x "$PARPRIME" && test -r . || skip "root may all"
        chmod 755 . 
        as=(setpriv --reuid=65534 --clear-groups)
        "${as[@]}" "$PARPRIME" test 7 -q || skip "nobody else can run it here"
        "${as[@]}" test -r folder/L || skip "nobody else can read here"
    fi
    for ledger in folder/L folder/M; do
        run --separate-stderr "${as[@]}" "$PARPRIME" count 1e6 --ledger $ledger
        [ $status -eq 5 ] || fail "$ledger: exit code $status"
        no_answers
        says "ledger $ledger"
    done
}

@test "a disk that is full" {
    refuses 5 "No space left" count 10 --ledger L -o /dev/full
    pp 0 count 10 -q --ledger L
    answers 4
}

@test "built without: said at once" {
    [ -z "$has_ledger" ] || skip "this build has ledgers"
    refuses 4 "this build has no ledger" count 0 1e15 --ledger L
    [ ! -e L ]
}

# ---- audit ----

# Rows of about equal size, made by a sieve.
made() {
    "$PARPRIME" count ${1:-1e9} -q --ledger L --method sieve
    rows=$(sql L 'SELECT count(*) FROM unit')
}

@test "audit confirms what is right" {
    made
    pp 0 audit L --all
    answers "$rows of $rows units computed again, $rows confirmed, 0 not" \
        "of all units $rows are confirmed, 0 in dispute"
    [ "$(sql L "SELECT count(*) FROM unit WHERE standing = 'confirmed'")" -eq $rows ]
    [ "$(sql L "SELECT count(*) FROM audit WHERE outcome = 'same' AND method = 'mr'")" -eq $rows ]
    pp 0 audit L
    says "every unit is confirmed already"
    pp 0 count 1e9 --ledger L
    says "all from L"
}

@test "audit takes a sample that nobody can foretell" {
    made 2e9
    "$PYTHON" "$CLI/forge.py" L split 60
    rows=$(sql L 'SELECT count(*) FROM unit')
    [ $rows -ge 60 ]
    pp 0 audit L
    answers "8 of $rows units computed again, 8 confirmed, 0 not" \
        "of all units 8 are confirmed, 0 in dispute"
    seen=
    for _ in 1 2 3; do
        cp L M
        pp 0 audit M --sample 5 -q
        says_nothing
        seen+=$(sql M "SELECT group_concat(unit) FROM audit WHERE id > 8")$'\n'
    done
    [ "$(sort -u <<<"$seen" | grep -c ,)" -gt 1 ] || fail "always $seen"
}

@test "audit by every way there is" {
    made 3e6
    for words in "--method mr" "--method trial" "--method mr --backend serial" \
        "--method mr -t 1" "--simd none"; do
        [[ $words != *none* ]] || "$PARPRIME" --version | grep -q 'SIMD.* avx' || continue
        cp L M
        pp 0 audit M --all $words
        says_nothing
    done
    if has_backend opencl; then
        pp 0 audit L --all --backend opencl --method sieve
        [ "$(sql L "SELECT count(*) FROM audit WHERE backend = 'opencl'")" -eq $rows ]
    fi
}

@test "audit finds what was altered with all its checksums" {
    made
    for column in count digest; do
        cp L M
        n=$(sql M 'SELECT id FROM unit ORDER BY random() LIMIT 1')
        value=0123456789abcdef
        [ $column = digest ] || value=$(($(sql M "SELECT count FROM unit WHERE id = $n") - 1))
        "$PYTHON" "$CLI/forge.py" M alter $n $column $value
        pp 0 count 1e9 --ledger M # nothing tells it
        says "all from M"
        cp M N
        pp 3 audit M --all
        [[ ${lines[0]} == *"the ledger has "*"computed again, "*"in a third way, "*"the ledger is wrong" ]] ||
            fail "it is not said"
        [ "${lines[1]}" = "$rows of $rows units computed again, $((rows - 1)) confirmed, 1 not" ]
        says "computed anew by the command that the ledger is of: count 0 1000000000"
        [ "$(sql M "SELECT id FROM unit WHERE standing = 'disputed'")" = $n ]
        pp 3 audit M # and it stays so
        pp 0 count 1e9 --ledger M
        answers 50847534
        says "1 row that an audit had disputed was computed anew"
        pp 0 audit M
        pp 3 audit N --all --format json
        echo "$output" >json
        holds json disagreements=1 disputed=1 computed=$rows results.#=$rows
        grep -q '"outcome":"ledger wrong".*"third"' json
        pp 3 audit N --format csv
    done
}

@test "audit of a list, whose file is cut back to before what was wrong" {
    "$PARPRIME" list 2e8 -q -o primes --ledger L
    "$PYTHON" "$CLI/forge.py" L split 4
    want=$(md5sum <primes)
    n=$(sql L 'SELECT id FROM unit ORDER BY CAST(lo AS INTEGER) LIMIT 1 OFFSET 1')
    pp 0 list 2e8 -o primes --ledger L
    "$PYTHON" "$CLI/forge.py" L alter ${n:-1} digest 0123456789abcdef
    pp 3 audit L --all
    says "computed anew by the command that the ledger is of: list 0 200000000"
    pp 0 list 2e8 -o primes --ledger L
    [ "$(md5sum <primes)" = "$want" ] || fail "another list"
    pp 0 audit L --all
}

@test "an audit in the way of the first time says nothing" {
    made 3e7
    refuses_way=(audit L --all --method sieve --simd "$(sql L 'SELECT simd FROM unit LIMIT 1')")
    pp 2 "${refuses_way[@]}"
    says "in this very way before"
    pp 2 audit L --all --method hybrid
    [ "$(sql L "SELECT count(*) FROM unit WHERE standing = 'unconfirmed'")" -eq $rows ]
}

@test "an audit that is interrupted keeps what it has confirmed" {
    made 4e9
    begin audit L --all --method trial --format json
    handles_signals
    sleep 0.3
    kill -INT $pid
    ended 10
    [ $status -eq 130 ] || fail "exit code $status"
    mv out json
    holds json interrupted.signal=SIGINT
    pp 0 count 4e9 --ledger L
}

@test "audit of nothing, and of what is no ledger" {
    refuses 2 "which ledger" audit
    refuses 2 "takes one ledger" audit L M
    refuses 5 "there is no ledger L" audit L
    [ ! -e L ]
    : >L
    refuses 2 "not a ledger" audit L
    rm L
    made 1e6
    refuses 2 "either --sample or --all" audit L --all --sample 3
    refuses 2 "is not a share" audit L --sample 101
    refuses 2 "no backend" audit L --backend none
}
