# compare: one job on every backend, answers checked, and the sequential control beside it.
load helper

# Alternatives that are always there.
short=(compare --runs 1 --warmup 0)

@test "without a job: the book's range, a count of a second, and the control" {
    pp 0 "${short[@]}"
    says_nothing
    [[ $output == *"list 1e13 1e13+500 --method trial"* ]] || fail "no first job"
    [[ $output == *"count 1e13 1e13+3e9 --method sieve"* ]] || fail "no second job"
    [[ $output == *"  16 primes, digest f36c9c42fb0eadc8: the same in all "* ]] || fail "16 primes"
    [[ $output == *"  10000000000037 … 10000000000453"* ]] || fail "the first and the last of them"
    [[ $output == *"  100222176 primes, digest "*": the same in all "* ]] || fail "the count"
    [[ $output == *"the control: f(x) = x² − x + 1 applied 20 times from 3"* ]] || fail "no control"
    [[ $output == *"last five digits 35443 in every form and run"* ]] || fail "no 35443"
    [[ $output == *"plain, one thread"*base* ]] || fail "no plain form"
    [[ $output == *"handed to 20 workers in turn"* ]] || fail "not the book's workers"
    for backend in $(backends); do
        [ $(grep -cE "^  $backend(/[A-Za-z]+)? +trial +[0-9]+ " <<<"$output") -ge 1 ] || fail "no row: $backend"
        [ $(grep -cE "^  $backend(/[A-Za-z]+)? +sieve +[0-9]+ " <<<"$output") -ge 1 ] || fail "no row: $backend"
    done
    has_backend opencl || [[ $output == *"left out: backend opencl: "* ]] || fail "left out, why?"
    ! has_backend opencl || [[ $output == *"OpenCL device $(device_of opencl), "*", driver "* ]] || fail "no driver"
    ! has_backend openmp || [ $(cores) -lt 2 ] ||
        [[ $output == *"In short"*"embarrassingly parallel: "*" threads are "* ]] || fail "no lesson"
}

@test "a job that is given, with and without --" {
    pp 0 "${short[@]}" -- count 1e6 --method sieve
    [ "$(grep -c 'primes, digest' <<<"$output")" -eq 2 ] || fail "another job than the one given"
    [[ $output == *"count 1e6 --method sieve"*"  78498 primes, digest "* ]] || fail "78498"
    [[ $output == *35443* ]] || fail "no control"
    pp 0 "${short[@]}" count 1e6 --method sieve
    [[ $output == *"  78498 primes, digest "* ]] || fail "78498"
    pp 0 "${short[@]}" -- list 1e13 --dist 500 --order completion
    [[ $output == *"  16 primes, digest f36c9c42fb0eadc8"* ]] || fail "16"
    pp 0 "${short[@]}" -- test 7 8 11
    [[ $output == *"  2 primes, digest "* ]] || fail "2"
    seq 100 >numbers
    pp 0 "${short[@]}" -- test --input numbers
    [[ $output == *"  25 primes, digest "* ]] || fail "25"
    pp 0 "${short[@]}" -- test <numbers
    [[ $output == *"  25 primes, digest "* ]] || fail "25 on standard input"
}

@test "lists of backends, methods and threads are alternatives" {
    pp 0 "${short[@]}" --backend serial --method trial,mr,sieve -- count 1e5
    for method in trial mr sieve; do
        [ $(grep -c "^  serial  *$method  *1  *[0-9]" <<<"$output") -eq 1 ] || fail "no row: $method"
    done
    has_backend openmp || skip "no openmp"
    pp 0 "${short[@]}" --backend openmp --threads 1,2,3 -- count 2e8 --method sieve
    for threads in 1 2 3; do
        [ $(grep -c "^  openmp  *sieve  *$threads  *[0-9]" <<<"$output") -eq 1 ] || fail "$threads threads"
    done
    pp 0 "${short[@]}" --backend openmp,serial --method sieve,mr -t 2 --format csv -- count 1e5
    [ "$(grep -c ^.count <<<"$output")" -eq 4 ] || fail "two backends, two methods"
    pp 0 "${short[@]}" --backend serial --method mr -- count 1e5 --method trial
    [ $(grep -c "^  serial  *mr " <<<"$output") -eq 1 ] || fail "the option wins over the job"
}

@test "bad words: 2" {
    refuses 2 "there is no backend 'cuda'" "${short[@]}" --backend serial,cuda -- count 10
    refuses 2 "there is no backend ''" "${short[@]}" --backend serial, -- count 10
    refuses 2 "'fermat' is none of" "${short[@]}" --method mr,fermat -- count 10
    refuses 2 "--threads: 0 is not in 1" "${short[@]}" --threads 0 -- count 10
    refuses 2 "--threads" "${short[@]}" --threads 1,x -- count 10
    refuses 2 "--threads" "${short[@]}" --threads 1,,2 -- count 10
    refuses 2 "--runs: 0 is not in 1" compare --runs 0 -- count 10
    refuses 2 "--runs: 1001 is not in 1" compare --runs 1001 -- count 10
    refuses 2 "--warmup" compare --warmup x -- count 10
    refuses 2 "--seed" compare --seed 2^64 -- count 10
    many=$(printf 'serial,%.0s' {1..65})
    refuses 2 "more than 64 alternatives" "${short[@]}" --backend "${many%,}" -- count 10
}

@test "bad jobs: 2" {
    refuses 2 "a job of test, count or list, not 'frobnicate'" "${short[@]}" -- frobnicate
    refuses 2 "a job of test, count or list, not 'iterate'" "${short[@]}" -- iterate
    refuses 2 "a job of test, count or list, not 'compare'" "${short[@]}" -- compare
    refuses 2 "begins above its end" "${short[@]}" -- count 5 3
    refuses 2 "the end of the range is missing" "${short[@]}" -- count
    refuses 2 "unrecognized option '--steps'" "${short[@]}" -- count 10 --steps 3
    refuses 2 "above 2^64-1" "${short[@]}" -- count 2^64
    refuses 2 "above 2^64-1" "${short[@]}" -- test 2^64
    refuses 2 "numbers below 2^64 only" "${short[@]}" -- test < <(echo 7 2^64)
    refuses 2 "no numbers to test" "${short[@]}" -- test </dev/null
    refuses 2 "standard input:1:3: unexpected" "${short[@]}" -- test < <(echo 7 x)
    refuses 5 "missing: No such file" "${short[@]}" -- test --input missing
    for words in "-o answers" "--backend serial" "-t 2" "--format json"; do
        refuses 2 "give them before --" "${short[@]}" -- count 10 $words
    done
    [ ! -e answers ] || fail "a file was made"
}

@test "a device without its backend: 2" {
    refuses 2 "--device abacus: opencl, which" "${short[@]}" --backend serial,openmp --device abacus -- count 10
    refuses 2 "--device abacus: opencl, which" "${short[@]}" --backend serial -- count 10 --device abacus
}

@test "only what is not available: 4" {
    refuses 4 "does not have method pi" "${short[@]}" --method pi -- list 10
    refuses 4 "does not have method pi" "${short[@]}" -- list 10 --method pi
    PARPRIME_SIMD=none refuses 4 "cannot run avx2 code" "${short[@]}" --simd avx2 -- count 10
    refuses 4 "no usable device 'abacus'" "${short[@]}" -- count 10 --device abacus
    refuses 4 "no usable device 'abacus'" "${short[@]}" --device abacus -- count 10
    ! has_backend opencl || skip "there is an OpenCL"
    refuses 4 "backend opencl: " "${short[@]}" --backend opencl -- count 10
    pp 0 "${short[@]}" --backend opencl,serial -- count 10
    [[ $output == *"left out: backend opencl: "* ]] || fail "left out, why?"
}

@test "six runs give an interval, fewer do not" {
    pp 0 compare --runs 6 --warmup 0 --backend serial --method mr,sieve -- count 1e5
    [[ $output != *"needs 6 runs"* ]] || fail "there are 6"
    [ $(grep -cE '^  serial +(mr|sieve) +1 .* … ' <<<"$output") -eq 5 ] || fail "no intervals"
    [[ $output == *"in all 12 runs (12 timed, 0 to warm up)"* ]] || fail "12 runs"
    pp 0 compare --runs 5 --warmup 1 --backend serial --method mr,sieve -- count 1e5
    [ $(grep -cE '^  serial +(mr|sieve) +1 .* needs 6 runs ' <<<"$output") -eq 5 ] || fail "an interval of 5 runs"
    [[ $output == *"too few runs to say how sure that is"* ]] || fail "sure of what?"
    [[ $output == *"in all 12 runs (10 timed, 2 to warm up)"* ]] || fail "12 runs"
    pp 0 compare --runs 6 --warmup 0 --backend serial --method mr --format json -o six.json \
        -- count 1e5
    holds six.json results.0.interval.#=2 results.0.runs.#=6 runs.#=6 \
        control.forms.0.interval.#=2 control.forms.0.runs.#=6 verdict.timed_runs=6
}

@test "csv: one table, every row as long as its header" {
    pp 0 "${short[@]}" --backend serial --format csv -o table.csv
    "$PYTHON" - table.csv <<'END' || fail "$(cat table.csv)"
import csv, re, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8"), strict=True))
assert all(None not in row and None not in row.values() for row in rows)
jobs = [row["job"] for row in rows]
assert jobs[:2] == ["list 1e13 1e13+500 --method trial", "count 1e13 1e13+3e9 --method sieve"], jobs
assert [row["count"] for row in rows[:2]] == ["16", "100222176"]
written = [row for row in rows if row["to"]]
assert {row["to"] for row in written} == {"discard", "file", "pipe"}
control = [row for row in rows if row["job"].startswith("control")]
assert [int(row["threads"]) for row in control] == [1, 1, 2, 4, 8, 16, 20]
assert len(rows) == 2 + len(written) + len(control)
for row in rows[:2] + written:
    assert row["backend"] in ("serial", "openmp") and row["method"] in ("trial", "sieve")
    assert re.fullmatch("[0-9a-f]{16}", row["digest"]) and row["runs"] == "1"
    assert float(row["median"]) > 0 and not row["interval_lo"] and not row["distinguishable"]
    assert row["bound"] in ("compute", "launch", "output") and float(row["numbers_per_second"]) > 0
END
    echo 7 >'a"b'
    pp 0 "${short[@]}" --backend serial --format csv -- test --input 'a"b'
    [[ ${lines[1]} == '"test --input a""b",serial,'* ]] || fail "quotes"
}

@test "json" {
    pp 0 "${short[@]}" --format json -o default.json
    holds default.json "job.words=list 1e13 1e13+500 --method trial" job.lo=10000000000000 \
        verdict.agree=true verdict.base=serial verdict.warmup_runs=0 results.0.count=16 \
        results.0.interval=null results.0.runs.#=1 control.forms.0.interval=null \
        results.0.digest=f36c9c42fb0eadc8 results.0.speedup=1.0 further.#=1 \
        further.0.results.0.count=100222176 output_bound.results.0.to=discard lessons.#=3 timelines.0.units.0.0=0 control.last_digits=35443 control.steps=20 \
        control.forms.0.form=plain interrupted=absent
    printf '7\n9\n' >$'odd\xff\n\e"\\'
    pp 0 "${short[@]}" --backend serial --format json -o odd.json -- test --input $'odd\xff\n\e"\\'
    holds odd.json 'job.words=test --input odd???"\' job.numbers=2 results.0.count=1 further.#=0
    pp 0 compare --runs 2 --warmup 0 --seed 7 --method mr,sieve --format json -o many.json \
        -- list 1e4
    valid many.json
}

@test "-o FILE" {
    pp 0 "${short[@]}" -o found -- count 1e5
    no_answers
    grep -q "  9592 primes, digest " found
    refuses 5 "/dev/full: No space left" "${short[@]}" -o /dev/full -- count 1e5
}

@test "lists of SIMD levels and devices; what cannot be used is left out with the reason" {
    pp 0 "${short[@]}" --backend serial --simd none,auto --method mr --format json -o levels.json \
        -- count 1e5
    holds levels.json results.#=2 results.0.simd=none results.0.asked_simd=none \
        results.1.asked_simd=auto
    PARPRIME_SIMD=none pp 0 "${short[@]}" --backend serial --simd none,avx2 --method mr -- count 1e5
    [[ $output == *"left out: this machine cannot run avx2 code"* ]] || fail "left out, why?"
    pp 0 "${short[@]}" --backend serial --simd none,auto --method mr -- count 1e5
    [ $(grep -cE '^  serial +mr +1 +none ' <<<"$output") -ge 1 ] || fail "no level in the table"
    PARPRIME_SIMD=none pp 0 "${short[@]}" --backend serial --simd none,avx2 --method mr \
        --format csv -- count 1e5
    [[ $output == *',serial,mr,,avx2,'*'"this machine cannot run avx2 code'* ]] || fail "not in CSV"
    refuses 2 "there is no SIMD level 'mmx'" "${short[@]}" --simd none,mmx -- count 10
    ! has_backend opencl || {
        pp 0 "${short[@]}" --device "$(device_of opencl),abacus" --method sieve -- count 1e5
        [[ $output == *"left out: no usable device 'abacus'"* ]] || fail "left out, why?"
        [ $(grep -c "^  opencl/" <<<"$output") -eq 1 ] || fail "one device"
    }
}

@test "all run one method, unless methods are compared" {
    pp 0 compare --runs 2 --warmup 0 --format json -o one.json -- count 1e5
    "$PYTHON" - one.json <<'END' || fail "several methods"
import json, sys
document = json.load(open(sys.argv[1]))
assert len({result["method"] for result in document["results"]}) == 1
runs = len(document["results"]) * 2
assert document["verdict"]["untimed_runs"] == (len(document["results"]) + (len(document["results"]) > 1))
assert len(document["runs"]) == runs
END
}

@test "a list as workers finish: how much is out of place, and what order costs" {
    has_backend openmp || skip "no openmp"
    for form in text u64; do
        pp 0 compare --runs 6 --warmup 0 --backend openmp -t 2 --format json -o order.json \
            -- list 1e9 1e9+3e6 --order completion --output-format $form
        holds order.json results.#=2 results.0.order=completion results.1.order=ascending \
            results.0.out_of_place.runs.#=6 results.1.out_of_place=absent job.output_format=$form
        [[ $(<order.json) == *" arrived after a larger one (from "*"in order it takes "* ||
            $(<order.json) == *"what order costs is not distinguishable from nothing"* ]] || fail "what it costs"
    done
    pp 0 compare --runs 1 --warmup 0 --backend serial -- list 1e9 1e9+1e6 --order completion
    [[ $output == *"0 of 48155 results (0.0%) arrived after a larger one"* ]] || fail "one thread in disorder"
}

@test "the list that is written, and the three lessons" {
    pp 0 compare --runs 6 --warmup 0 --backend serial --format json -o whole.json -- count 1e5
    "$PYTHON" - whole.json <<'END' || fail "not as it should be"
import json, sys
document = json.load(open(sys.argv[1]))
written = document["output_bound"]["results"]
assert {result["to"] for result in written} == {"discard", "file", "pipe"}
assert {result["bytes"] for result in written} == {"24009072"}, written
assert {result["count"] for result in written} == {"3001134"}
assert all(result["bound"] in ("compute", "output", "launch") for result in written)
for result in written:
    assert ("bytes_alone" in result) == (result["to"] != "discard")
    assert result["to"] == "discard" or result["bytes_alone"]["seconds"] > 0
lessons = {lesson["kind"]: lesson["text"] for lesson in document["lessons"]}
assert list(lessons) == ["embarrassingly parallel", "inherently sequential", "I/O bound"]
assert "does not show" in lessons["embarrassingly parallel"]  # one thread only was asked for
assert "could be parallel, the chain cannot; it stays serial here" in lessons["inherently sequential"]
control = [form["workers"] for form in document["control"]["forms"]]
assert control == [1, 1, 2, 4, 8, 16, 20]
for lesson in lessons.values():
    assert lesson.endswith(".") and lesson[:-1].count(". ") == 0
timeline = document["timelines"][0]
assert timeline["backend"] == "serial" and 0 < len(timeline["units"]) <= 2000
assert all(0 <= begin <= end <= timeline["seconds"] for _, begin, end in timeline["units"])
END
    # Where no file can be made, that alone is left out.
    TMPDIR=/nowhere/at/all pp 0 "${short[@]}" --backend serial -- count 1e5
    [[ $output == *"left out: a temporary file: No such file"* ]] || fail "left out, why?"
    [[ $output == *" pipe "* ]] || fail "no pipe"
}

@test "the record: cores, and OpenCL's drivers" {
    "$PARPRIME" compare --runs 1 --warmup 0 --backend serial --format json -- count 10 >record.json
    "$PYTHON" - record.json <<'END' || fail "$(head -60 record.json)"
import json, os, sys
environment = json.load(open(sys.argv[1]))["environment"]
assert environment["cores_affinity"] == len(os.sched_getaffinity(0))
assert environment["cores_allowed"] <= environment["cores_affinity"]
quota = environment["cores_quota"]
assert quota is None or environment["cores_allowed"] <= quota + 1
for device in environment["opencl_devices"]:
    assert not device["usable"] or device["driver"]
END
}

@test "markdown: tables that are tables" {
    pp 0 "${short[@]}" --backend serial --format markdown -o report.md -- count 1e5
    "$PYTHON" - report.md <<'END' || fail "$(cat report.md)"
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
blocks = [block.split("\n") for block in text.strip().split("\n\n")]
tables = [block for block in blocks if block[0].startswith("|")]
assert len(tables) == 3, len(tables)  # the job, the control, the list that is written
for table in tables:
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table]
    assert len({len(row) for row in cells}) == 1, table
    assert all(re.fullmatch(r"-+:?", cell) for cell in cells[1]), table
    assert all(cell.strip() for row in cells for cell in row), table
assert [block[0] for block in blocks].count("## In short") == 1
assert text.startswith("# parprime compare\n\n")
END
    refuses 2 "'markdown' is none of text, json, csv" count 10 --format markdown
    refuses 2 "'html' is none of text, json, csv, markdown" compare --format html
}

@test "--baseline: ratios to an earlier run, and what changed" {
    pp 0 compare --runs 6 --warmup 0 --backend serial --format json -o then.json -- count 1e6
    pp 0 compare --runs 6 --warmup 0 --backend serial --baseline then.json --format json \
        -o now.json -- count 10**6
    "$PYTHON" - then.json now.json <<'END' || fail "$(tail -80 now.json)"
import json, sys
then, now = (json.load(open(path)) for path in sys.argv[1:])
held = now["baseline"]
assert held["file"] == "then.json" and held["time"] == then["environment"]["time"]
first = held["results"][0]
# The median of an even number of rounded times may be rounded once more.
assert abs(first["then"] - then["results"][0]["seconds"]) < 2e-9
assert abs(first["now"] - now["results"][0]["seconds"]) < 2e-9
assert abs(first["ratio"] - first["now"] / first["then"]) < 0.01 * first["ratio"]
low, high = first["interval"]
assert low <= first["ratio"] <= high
a, b = then["results"][0]["interval"], now["results"][0]["interval"]
assert first["distinguishable"] == (a[0] > b[1] or b[0] > a[1])
assert ("not distinguishable" in first["sentence"]) == (not first["distinguishable"])
assert sum(1 for result in held["results"] if "to" in result) == len(now["output_bound"]["results"])
assert not [change for change in held["environment_changes"] if change["what"] != "load"]
END
    sed -E 's/("compiler": )"[^"]*"/\1"cc 1\\u001b[31m"/; s/"governor": "[^"]*"/"governor": "warp"/' \
        then.json >other.json
    pp 0 "${short[@]}" --backend serial --method mr,sieve --baseline other.json -- count 1e6
    [[ $output == *"against other.json, of 20"* ]] || fail "against what?"
    [[ $output == *"changed: compiler, from cc 1?[31m to "* ]] || fail "not what changed, or not clean"
    [[ $output == *"changed: governor, from warp to "* ]] || fail "not all that changed"
    [[ $output == *"serial with 1 thread (mr) is new."* ]] || fail "not what is new"
    [[ $output == *"count 1e6: serial with 1 thread (sieve) takes "*" times as long as then, from too few runs"* ]] ||
        fail "no ratio"
}

@test "--baseline: what is no record of this job is refused, what cannot be read is 5" {
    pp 0 "${short[@]}" --backend serial --format json -o then.json -- count 1e5
    refuses 2 'then.json: it is a record of "count 1e5", not of "count 1e6"' \
        "${short[@]}" --baseline then.json -- count 1e6
    refuses 2 "not of \"list 1e5\"" "${short[@]}" --baseline then.json -- list 1e5
    refuses 2 "not of \"list 1e13 1e13+500" "${short[@]}" --baseline then.json
    refuses 5 "missing.json: No such file" "${short[@]}" --baseline missing.json -- count 1e5
    refuses 5 "Is a directory" "${short[@]}" --baseline . -- count 1e5
    refuses 2 "it is no JSON" "${short[@]}" --baseline /dev/null -- count 1e5
    head -c 300 then.json >cut.json
    refuses 2 "it is no JSON" "${short[@]}" --baseline cut.json -- count 1e5
    "$PARPRIME" count 1e5 -q --format json >count.json
    refuses 2 "it is not a record of compare" "${short[@]}" --baseline count.json -- count 1e5
    sed 's/"count": "9592"/"count": "9593"/' then.json >wrong.json
    pp 3 "${short[@]}" --backend serial --baseline wrong.json -- count 1e5
    says "answers disagree: wrong.json: serial (sieve) says 9592"
    [[ $output != *×* ]] || fail "a ratio"
    # Numbers of a test are the job, not only how many they are.
    pp 0 "${short[@]}" --backend serial --format json -o tested.json -- test 7 8 9
    refuses 2 "it is a record of" "${short[@]}" --baseline tested.json -- test 7 8 11
    pp 0 "${short[@]}" --backend serial --baseline tested.json -- test 7 8 9
}
