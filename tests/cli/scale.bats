# scale: one job on more and more threads, and the size from which a device pays.
load helper

# Quick, and with points that are there on any machine.
short=(scale --runs 1 --warmup 0 --threads 1,2)
job=(count 1e9 1e9+2e7 --method sieve)

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    has_backend openmp || skip "no openmp"
}

# The rows of a part of the table: its first column.
first_column() {
    awk -v from="$1" 'index($0, from) == 1 { on = 1; next }
        on && /^[^ ]/ { exit }
        on && $1 ~ /^([0-9]+|serial)$/ && NF > 4 && $2 != "threads" { print $1 }' <<<"$output" | paste -sd ' '
}

@test "a newcomer's first try: strong and weak scaling, the control, and the lessons" {
    pp 0 scale --runs 1 --warmup 0
    says_nothing
    [[ $output == *"count 1e13 1e13+2e9 with openmp, sieve ("*"): 66815381 primes, digest "* ]] ||
        fail "no count"
    [[ $output == *"Strong scaling: "*"Weak scaling: "*"Break-even: "*"the control: "* ]] ||
        fail "a part is missing"
    [[ $output == *"last five digits 35443"* ]] || fail "no control"
    [[ $output == *"Speedup is the time of one thread over this one's."* ]] || fail "no words for speedup"
    [[ $output == *"Karp and Flatt"* ]] || fail "no words for the serial fraction"
    [[ $output == *"inherently sequential: "* ]] ||
        fail "no lesson of the control"
    local n
    n=$(cores)
    [ "$n" -eq 1 ] || [[ $output == *"embarrassingly parallel: "*"$n threads"* ]] ||
        fail "no lesson of the primes"
    local all="1"
    for ((i = 2; i <= n; i = n <= 8 ? i + 1 : 2 * i)); do all+=" $i"; done
    [[ " $all " == *" $n "* ]] || all+=" $n"
    [ "$(first_column "Strong scaling")" = "$all serial" ] || fail "rows: $(first_column "Strong scaling")"
    [ "$(first_column "Weak scaling")" = "$all" ] || fail "weak rows: $(first_column "Weak scaling")"
    [ $n -gt 3 ] || [[ $output == *"Amdahl's law: insufficient data: $n count"* ]] || fail "a fit of $n"
    [ $n -gt 3 ] || [[ $output == *"Gustafson's law: insufficient data: $n count"* ]] || fail "a fit of $n"
}

@test "a job that is given" {
    pp 0 "${short[@]}" -- "${job[@]}"
    [[ $output == *"count 1e9 1e9+2e7 --method sieve with openmp, sieve"*" 964787 primes, "* ]] || fail 964787
    pp 0 "${short[@]}" count 1e6
    [[ $output == *" 78498 primes, "* ]] || fail 78498
    pp 0 "${short[@]}" -- list 1e13 --dist 500 --order completion
    [[ $output == *" 16 primes, digest f36c9c42fb0eadc8, "* ]] || fail 16
    seq 100 >numbers
    pp 0 "${short[@]}" -- test --input numbers
    [[ $output == *" 25 primes, "*"Each thread tests the 100 numbers once"* ]] || fail 25
    pp 0 "${short[@]}" -- test <numbers
    [[ $output == *" 25 primes, "* ]] || fail "25 on standard input"
}

@test "--threads: ascending, each once, one of them always" {
    pp 0 scale --runs 1 --warmup 0 --threads 3,2,3 --format csv -- "${job[@]}"
    [ "$(cut -d, -f1,5 <<<"$output" | tail -n +2 | paste -sd' ')" = \
        "strong,1 strong,2 strong,3 serial,1 weak,1 weak,2 weak,3" ] || fail "points"
    pp 0 scale --runs 1 --warmup 0 --threads 1 --format csv -- "${job[@]}"
    [ "$(cut -d, -f1,5 <<<"$output" | tail -n +2 | paste -sd' ')" = "strong,1 serial,1 weak,1" ] ||
        fail "one point"
}

@test "as many counts as a list may have, and no more" {
    pp 0 scale --runs 1 --warmup 0 --threads "$(seq -s, 2 65)" --format csv -- test 7
    [ "$(grep -c '^strong,' <<<"$output")" -eq 65 ] || fail "not 65 points"
    refuses 2 "more than 64 alternatives" scale --runs 1 --threads "$(seq -s, 1 65)" -- test 7
}

@test "more threads than cores: a warning, and no part in the fits" {
    local n list
    n=$(cores)
    [ "$n" -lt 4 ] || skip "$n cores"
    pp 0 scale --runs 1 --warmup 0 --threads 1,2,3,4 -- "${job[@]}"
    [[ $output == *"warning: openmp with 4 threads "*": 4 threads share $n cores"* ]] || fail "no warning"
    [[ $output == *"more threads than the $n cores allowed take turns on them"* ]] || fail "no warning"
    [[ $output != *"has no work for"* ]] || fail "there is work enough"
    [[ $output == *"Amdahl's law: insufficient data: $n counts of threads up to the $n cores allowed"* ]] ||
        fail "fitted"
}

@test "threads that have nothing to do are a warning" {
    pp 0 "${short[@]}" --threads 1,2,3 -- test 7 8 9
    [[ $output == *"warning: the job has no work for more than 1 thread: what is said of 2 and more is said of those"* ]] ||
        fail "no warning"
    pp 0 "${short[@]}" --threads 1,2 --format csv -- test 7 8 9
    [ "$(cut -d, -f1,5 <<<"$output" | tail -n +2 | paste -sd' ')" = \
        "strong,1 strong,2 serial,1 weak,1 weak,2" ] || fail "threads are those that were asked for"
}

@test "json" {
    local n
    n=$(cores)
    pp 0 scale --runs 6 --warmup 0 --threads 1,2,3,4 --format json -o six.json -- "${job[@]}"
    holds six.json "job.words=count 1e9 1e9+2e7 --method sieve" verdict.agree=true \
        verdict.base=openmp verdict.timed_runs=6 results.#=5 results.0.threads=1 \
        results.4.backend=serial runs.#=30 scaling.strong.points.#=4 scaling.cores=$n \
        scaling.strong.points.0.speedup=1.0 scaling.strong.points.0.karp_flatt=null \
        scaling.strong.points.0.karp_flatt_interval=null \
        scaling.strong.points.3.runs.#=6 scaling.strong.points.3.interval.#=2 \
        scaling.strong.points.3.karp_flatt_interval.#=2 scaling.weak.points.#=4 \
        scaling.weak.points.0.lo=1000000000 scaling.weak.points.0.hi=1004999999 \
        scaling.weak.points.3.hi=1019999999 scaling.weak.points.3.numbers=20000000 \
        scaling.weak.points.0.scaled_speedup=1.0 \
        scaling.serial.runs.#=6 timelines.#=5 timelines.0.threads=1 control.last_digits=35443 interrupted=absent \
        "lessons.0.kind=embarrassingly parallel" "lessons.1.kind=inherently sequential"
    if [ "$n" -lt 4 ]; then
        holds six.json scaling.strong.amdahl=null scaling.weak.gustafson=null \
            scaling.strong.points.3.fitted=false
    else
        holds six.json scaling.strong.insufficient=null scaling.weak.insufficient=null \
            scaling.strong.points.3.fitted=true scaling.strong.amdahl.counts=4
    fi
    pp 0 "${short[@]}" --format json -o test.json -- test 7 8 9 11
    holds test.json job.numbers=4 scaling.weak.points.1.numbers=8 scaling.weak.points.1.count=4 \
        scaling.weak.points.1.lo=null scaling.break_even=null
    pp 0 "${short[@]}" --format json -o few.json -- count 7 7
    holds few.json scaling.weak.points.#=0 \
        "scaling.weak.insufficient=not measured: the range has fewer numbers than there are threads"
}

# The ratios are what the times say they are, to the digits that are printed.
@test "json: figures follow from the raw times" {
    pp 0 scale --runs 7 --warmup 0 --threads 1,2,3 --format json -o figures.json -- count 1e12 1e12+2e6
    valid figures.json
    "$PYTHON" - figures.json <<'END'
import json, statistics, sys
scaling = json.load(open(sys.argv[1]))["scaling"]
def near(a, b, within=6e-5):
    assert abs(a - b) <= within * max(1, abs(b)), (a, b)
for kind, key, law in ("strong", "speedup", "amdahl"), ("weak", "scaled_speedup", "gustafson"):
    points = scaling[kind]["points"]
    one = statistics.median(points[0]["runs"])
    for point in points:
        median, runs, p = statistics.median(point["runs"]), sorted(point["runs"]), point["threads"]
        near(point["seconds"], median)
        assert point["interval"] == [runs[0], runs[-1]]
        speedup = one / median * (p if kind == "weak" else 1)
        near(point[key], speedup)
        near(point["efficiency"], speedup / p)
        if kind == "strong" and p > 1:
            near(point["karp_flatt"], (1 / speedup - 1 / p) / (1 - 1 / p))
    assert scaling[kind][law] is None and "3 counts" in scaling[kind]["insufficient"] or \
        "counts of threads up to" in scaling[kind]["insufficient"]
END
}

@test "csv: one table" {
    pp 0 "${short[@]}" --format csv -- "${job[@]}"
    [ "${lines[0]}" = scaling,job,backend,method,threads,numbers,count,digest,median,interval_lo,interval_hi,speedup,efficiency,karp_flatt,utilisation ] ||
        fail header
    [ ${#lines[@]} -eq 6 ] || fail "five rows"
    for line in "${lines[@]:1:2}"; do
        [[ $line =~ ^strong,\"count\ [^\"]*\",openmp,sieve,[12],20000001,964787,[0-9a-f]{16},[0-9.]+,,,[0-9.]+,[0-9.]+,-?[0-9.]*,[0-9.]+$ ]] ||
            fail "$line"
    done
    [[ ${lines[3]} =~ ^serial,\"count\ [^\"]*\",serial,sieve,1,20000001,964787,[0-9a-f]{16},[0-9.]+,,,,,,[0-9.]+$ ]] ||
        fail "${lines[3]}"
    for line in "${lines[@]:4}"; do
        [[ $line =~ ^weak,\"count\ [^\"]*\",openmp,sieve,[12],(10000000|20000000),[0-9]+,[0-9a-f]{16},[0-9.]+,,,[0-9.]+,[0-9.]+,,[0-9.]+$ ]] ||
            fail "$line"
    done
}

@test "markdown: tables that parse" {
    pp 0 scale --runs 6 --warmup 0 --threads 1,2 --format markdown -- "${job[@]}"
    [ "${lines[0]}" = "# parprime scale" ] || fail "no title"
    awk -F'|' '/^\|/ { if (!n) { n = NF; tables++ } else if (NF != n) { exit 1 } rows++; next }
        { n = 0 } END { if (tables != 3 || rows < 14) exit 1 }' <<<"$output" || fail "tables"
    [ "$(grep -c '^## ' <<<"$output")" -eq 5 ] || fail "parts"
}

@test "the size from which a device pays" {
    pp 0 "${short[@]}" --break-even off -- count 1e5
    [[ $output != *Break-even* ]] || fail "it was switched off"
    has_backend opencl || skip "no OpenCL"
    local id
    id=$(device_of opencl)
    pp 0 "${short[@]}" --break-even all --format json -o all.json -- count 1e9 1e9+1e6
    valid all.json
    "$PYTHON" - all.json "$id" <<'END'
import json, sys
devices = json.load(open(sys.argv[1]))["scaling"]["break_even"]["devices"]
device = devices[0]
assert device["id"] == sys.argv[2], device["id"]
points = device["points"]
sizes = [int(point["numbers"]) for point in points]
assert sizes == sorted(set(sizes)) and {10000, 100000, 1000001} <= set(sizes), sizes
first = {"cpu": 0, "device": 0, "neither": 0}
for point in points:
    first[point["winner"]] += 1
    assert (point["winner"] == "device") == (point["device_seconds"] < point["cpu_seconds"]), point
outcome = {0: "never", len(points): "always"}.get(first["device"])
assert outcome is None or device["outcome"] == outcome, device
assert outcome or device["outcome"] in ("crossing", "mixed"), device
assert device["text"].startswith("OpenCL on a " + device["device_kind"]), device["text"]
END
    pp 0 "${short[@]}" --device "$id" -- count 1e5
    [[ $output == *"Break-even"*"OpenCL on a "*"($id, "* ]] || fail "the device that was asked for"
    pp 0 "${short[@]}" --break-even all -- test 7
    [[ $output == *"not measured: a list of numbers has one size"* ]] || fail "a size of a list"
    "$PARPRIME" devices | grep -Eq "OpenCL on a (GPU|accelerator)" ||
        { pp 0 "${short[@]}" -- count 1e5 &&
            [[ $output == *"not measured: there is no GPU or accelerator"*"--break-even all"* ]]; } ||
        fail "why not measured?"
}

@test "compute units of an OpenCL device" {
    has_backend opencl || skip "no OpenCL"
    "$PARPRIME" devices | grep -q "OpenCL on a CPU" || skip "no OpenCL on a CPU"
    pp 0 scale --runs 1 --warmup 0 --threads 1 --backend opencl -- count 1e5
    [[ $output == *"more and more compute units of "*" with opencl, "* ]] || fail "no compute units"
    [[ $output == *"opencl with one compute unit is "*" times as fast as serial"* ]] || fail "no serial"
    refuses 2 "compute units, not 4096" scale --runs 1 --warmup 0 --threads 4096 --backend opencl -- count 1e5
}

@test "bad words: 2" {
    refuses 2 "not 'serial'" scale --backend serial -- count 10
    refuses 2 "not 'openmp,opencl'" scale --backend openmp,opencl -- count 10
    refuses 2 "--threads: 0 is not in 1" scale --threads 0 -- count 10
    refuses 2 "--threads" scale --threads 1,x -- count 10
    refuses 2 "--threads" scale --threads 1,,2 -- count 10
    refuses 2 "is none of auto, trial" scale --method mr,sieve -- count 10
    refuses 2 "--runs: 0 is not in 1" scale --runs 0 -- count 10
    refuses 2 "'sometimes' is none of auto, all, off" scale --break-even sometimes -- count 10
    refuses 2 "scale takes a job of test, count or list, not 'iterate'" scale -- iterate
    refuses 2 "give them before --" scale -- count 10 -t 2
    refuses 2 "above 2^64-1" scale -- test 2^64
    refuses 2 "scale tests numbers below 2^64 only" scale -- test < <(echo 7 2^64)
    refuses 2 "no numbers to test" scale -- test </dev/null
    refuses 4 "does not have method pi" scale -- list 10 --method pi
    PARPRIME_SIMD=none refuses 4 "cannot run avx2 code" scale --simd avx2 -- count 10
}

@test "-o FILE" {
    pp 0 "${short[@]}" -o found -- count 1e5
    no_answers
    grep -q ": 9592 primes, digest " found
    refuses 5 "/dev/full: No space left" "${short[@]}" -o /dev/full -- count 1e5
}

@test "a signal: 130, and what was measured" {
    begin scale --runs 1000 --format json -- count 1e9 1e9+1e7
    handles_signals
    sleep 0.3
    kill -INT "$pid"
    ended 10
    [ "$status" -eq 130 ] || fail "exit code $status"
    says "SIGINT after"
    valid out
    holds out interrupted.signal=SIGINT control=absent
}
