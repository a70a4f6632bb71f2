# A backend that answers wrongly: PARPRIME is here a program whose openmp lies as PARPRIME_WRONG
# says, and RIGHT the program that people get.
load helper

# One table's worth of ratio, in whatever form: then somebody would believe it.
no_ratio() {
    [[ $output != *×* && $output != *"times as"* && $output != *speedup* ]] || fail "a ratio"
    [[ $output != *" ms"* && $output != *" µs"* ]] || fail "a time"
    [[ $output != *"In short"* ]] || fail "a lesson"
}

@test "without a fault it is as any other" {
    pp 0 compare --runs 1 --warmup 0 -- count 1e6
    [[ $output == *"78498 primes, digest "* ]] || fail "78498"
    PARPRIME_WRONG=nothing pp 0 compare --runs 1 --warmup 0 -- count 1e6
}

@test "a wrong count or digest: no ratio, and 3" {
    for wrong in count digest late; do
        export PARPRIME_WRONG=$wrong
        for job in "count 1e6" "count 1e6 --method mr" "list 1e12 1e12+1e5"; do
            pp 3 compare --runs 6 -- $job
            says "answers disagree: "
            says "openmp"
            [[ $output == *"THE ANSWERS DISAGREE: "*"openmp"* ]] || fail "who?"
            no_ratio
        done
        pp 3 compare --runs 6 --format markdown -- count 1e6
        [[ $output == *"**The answers disagree:**"* ]] || fail "not in Markdown"
        no_ratio
        pp 3 compare --runs 6 --format csv -- count 1e6
        [ ${#lines[@]} -eq 1 ] || fail "rows"
        pp 3 compare --runs 6 --format json -o wrong.json -- count 1e6
        holds wrong.json verdict.agree=false verdict.sentences.#=0 runs.#=0 lessons=absent \
            results.0.speedup=absent results.0.runs=absent timelines=absent output_bound=absent
        ! grep -Eq '"(speedup|interval|median)' wrong.json || fail "a ratio in JSON"
    done
}

@test "two digits of a test: 3" {
    PARPRIME_WRONG=count pp 3 compare --runs 1 --warmup 0 -- test 7 8 9
    no_ratio
}

@test "without a job, too: what follows is left undone" {
    PARPRIME_WRONG=count pp 3 compare
    [[ $output == *"THE ANSWERS DISAGREE"* ]] || fail "they do"
    [[ $output != *35443* ]] || fail "it went on"
    no_ratio
}

@test "an answer that differs from an earlier record's: no ratio, and 3" {
    pp 0 compare --runs 6 --warmup 0 --backend openmp -t 2 --format json -o then.json -- count 1e6
    export PARPRIME_WRONG=digest
    pp 3 compare --runs 6 --warmup 0 --backend openmp -t 2 --baseline then.json -- count 1e6
    says "answers disagree: then.json: openmp "
    no_ratio
    pp 3 compare --runs 6 --warmup 0 --backend openmp -t 2 --baseline then.json --format json \
        -o now.json -- count 1e6
    holds now.json verdict.agree=false baseline=absent
}

@test "the program that people get knows nothing of it" {
    [ -x "$RIGHT" ] && ! grep -aq PARPRIME_WRONG "$RIGHT" || fail "it does"
    PARPRIME_WRONG=count run --separate-stderr timeout 60 "$RIGHT" compare --runs 1 --warmup 0 -- count 1e6
    [ $status -eq 0 ] || fail "exit code $status"
}

@test "scale: no ratio, and 3" {
    for wrong in count digest late; do
        export PARPRIME_WRONG=$wrong
        pp 3 scale --runs 6 --threads 1,2 -- count 1e6
        says "answers disagree: "
        [[ $output == *"THE ANSWERS DISAGREE: "*"openmp"* ]] || fail "who?"
        [[ $output != *×* && $output != *"times as"* && $output != *" ms"* ]] || fail "a figure"
        pp 3 scale --runs 6 --threads 1,2 --format markdown -- count 1e6
        [[ $output == *"THE ANSWERS DISAGREE: "* && $output != *"|"* ]] || fail "a table"
        pp 3 scale --runs 6 --threads 1,2 --format csv -- count 1e6
        [ ${#lines[@]} -eq 1 ] || fail "rows"
        pp 3 scale --runs 6 --threads 1,2 --format json -o scale.json -- count 1e6
        holds scale.json verdict.agree=false verdict.sentences.#=0 runs.#=0 lessons.#=0 \
            results.0.speedup=absent scaling.strong.points.#=0 scaling.weak.points.#=0 \
            scaling.serial=null scaling.break_even=null timelines.#=0 control=absent
        ! grep -Eq '"(speedup|interval|median)' scale.json || fail "a ratio in JSON"
    done
}

@test "answers that disagree have no report and no plot, and 3" {
    command -v gnuplot >/dev/null || skip "there is no gnuplot (package gnuplot-nox)"
    PARPRIME_WRONG=count pp 3 compare --runs 6 --plot --report page.html -- count 1e6
    says "page.html is not written: the answers disagree"
    [ ! -e page.html ] || fail "there is a report"
    no_ratio
    [[ $output != *"to the median"* ]] || fail "a plot"
}
