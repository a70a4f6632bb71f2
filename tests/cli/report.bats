# --report: one page, whole or not at all, and refused before anything is measured.
load helper

small=(compare --runs 1 --warmup 0 --backend serial)
job=(-- count 1e5 --method sieve)

needs_gnuplot() {
    command -v gnuplot >/dev/null || skip "there is no gnuplot (package gnuplot-nox)"
}

@test "a report beside the table" {
    needs_gnuplot
    pp 0 "${small[@]}" --report page.html "${job[@]}"
    says_nothing
    [[ $output == *"count 1e5 --method sieve"*"  9592 primes, digest "* ]] || fail "no table"
    grep -q '^<!DOCTYPE html>' page.html || fail "no page"
    grep -q '^</html>$' page.html || fail "not whole"
    grep -q '<figure id="job-bars">' page.html || fail "no bars"
    grep -q '<figure id="job-phases">' page.html || fail "no phases"
    grep -q '<figure id="control-bars">' page.html || fail "no control"
    grep -q '9592 primes' page.html || fail "no answer"
    [ "$(ls page*)" = page.html ] || fail "something is left: $(ls)"
}

@test "a report beside JSON holds the same document" {
    needs_gnuplot
    pp 0 "${small[@]}" --report page.html --format json -o record.json "${job[@]}"
    valid record.json
    "$PYTHON" - <<'END' || fail "the page's record is another"
import json, re
page = open("page.html", encoding="utf-8").read()
record = re.search(r'<script type="application/json" id="record">(.*?)</script>', page, re.S)
assert json.loads(record[1]) == json.load(open("record.json"))
END
}

@test "words of the job are no markup" {
    needs_gnuplot
    echo 7 >'<b>&"x'"'"'.txt'
    pp 0 "${small[@]}" --report page.html -- test --input '<b>&"x'"'"'.txt'
    grep -q '<h1>test --input &lt;b&gt;&amp;&quot;x&#39;.txt</h1>' page.html || fail "no heading"
    ! grep -q '<b>' page.html || fail "markup"
}

@test "without gnuplot: exit code 4 before anything is measured" {
    mkdir empty
    run --separate-stderr "$(command -v env)" PATH="$PWD/empty" "$PARPRIME" compare --report page.html
    [ "$status" -eq 4 ] || fail "exit code $status"
    no_answers
    says "install the package gnuplot-nox"
    [ ! -e page.html ] || fail "there is a page"
}

@test "a gnuplot that fails: exit code 6, and no page" {
    mkdir programs
    printf '#!/bin/sh\n[ "$1" = --version ] && exit\necho "no such terminal" >&2\nexit 1\n' >programs/gnuplot
    chmod +x programs/gnuplot
    PATH=$PWD/programs:$PATH pp 6 "${small[@]}" --report page.html "${job[@]}"
    says "--report: gnuplot failed: no such terminal"
    [[ $output == *"9592 primes"* ]] || fail "the table is there all the same"
    [ ! -e page.html ] || fail "there is a page"
    printf '#!/bin/sh\n[ "$1" = --version ] && exit\necho "<svg>"\n' >programs/gnuplot
    PATH=$PWD/programs:$PATH pp 6 "${small[@]}" --report page.html "${job[@]}"
    says "no whole picture"
    [ ! -e page.html ] || fail "there is a page"
}

@test "where nothing can be written: exit code 5 before anything is measured" {
    refuses 5 "no/page.html: No such file or directory" compare --report no/page.html
    mkdir folder
    refuses 5 "folder: Is a directory" compare --report folder
    refuses 5 "No such file or directory" compare --report ''
    [ "$(id -u)" -eq 0 ] || {
        chmod a-w folder
        refuses 5 "folder/page.html: Permission denied" compare --report folder/page.html
    }
}

@test "a full disk: exit code 5" {
    needs_gnuplot
    pp 5 "${small[@]}" --report /dev/full "${job[@]}"
    says "/dev/full: No space left on device"
}

@test "a file of that name stays as it was until the page is whole" {
    needs_gnuplot
    echo old >page.html
    mkdir programs
    printf '#!/bin/sh\n[ "$1" = --version ] || exit 1\n' >programs/gnuplot
    chmod +x programs/gnuplot
    PATH=$PWD/programs:$PATH pp 6 "${small[@]}" --report page.html "${job[@]}"
    [ "$(cat page.html)" = old ] || fail "it is lost"
    pp 0 "${small[@]}" --report page.html "${job[@]}"
    grep -q '^</html>$' page.html || fail "it is not replaced"
}

@test "an interrupted run has no report" {
    needs_gnuplot
    begin compare --runs 1000 --warmup 0 --backend serial --report page.html -- count 1e8
    handles_signals
    sleep 0.3
    kill -INT "$pid"
    ended 20
    [ "$status" -eq 130 ] || fail "exit code $status"
    says "page.html is not written: the run was interrupted"
    [ ! -e page.html ] || fail "there is a page"
}

@test "only commands that compare have it" {
    refuses 2 "unrecognized option" count 100 --report page.html
}

# ---- --plot ----

@test "a plot below the tables" {
    LC_ALL=C.UTF-8 COLUMNS=90 pp 0 compare --runs 6 --warmup 0 --backend serial --plot "${job[@]}"
    says_nothing
    [[ $output == *"the control: f(x)"*"count 1e5 --method sieve"*"█"*" · base"*"the control: each step"* ]] ||
        fail "no plot"
    [[ $output != *$'\e'* ]] || fail "colours, and no terminal"
    [[ $output == *"█ to the median; ▓─┤ its 95% interval"* ]] || fail "what do they mean?"
}

@test "a plot in ASCII where the locale has no UTF-8, as wide as COLUMNS says" {
    LC_ALL=C COLUMNS=60 pp 0 "${small[@]}" --plot "${job[@]}"
    plot=${output##*$'\n\n'count 1e5 --method sieve}
    LC_ALL=C
    [[ $plot == *"="*", base"* ]] || fail "no bars"
    [[ $plot != *[$'\x80'-$'\xff']* ]] || fail "not ASCII"
    while IFS= read -r line; do
        [ ${#line} -le 60 ] || fail "too long: $line"
    done <<<"$plot"
}

@test "colours on a terminal, unless NO_COLOR" {
    command -v script >/dev/null || skip "there is no script (package bsdutils)"
    colours() {
        env LC_ALL=C.UTF-8 "$@" script -qec "'$PARPRIME' ${small[*]} --plot ${job[*]}" /dev/null </dev/null
    }
    # (A bar that is wiped away is no colour.)
    [[ $(colours TERM=xterm) == *$'\e[90m█'* ]] || fail "no colours"
    [[ $(colours TERM=xterm NO_COLOR=1) != *$'\e['[39]* ]] || fail "colours with NO_COLOR"
    [[ $(colours TERM=dumb) != *$'\e['[39]* ]] || fail "colours on a dumb terminal"
}

@test "a plot goes with text" {
    refuses 2 "--plot goes with text" compare --plot --format json
    refuses 2 "--plot goes with text" compare --plot --format csv
}
