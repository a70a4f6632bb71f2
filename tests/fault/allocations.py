#!/usr/bin/env python3
"""The k-th allocation of the program fails, and the first of each place in it that allocates, once and
for good: the right answer, or exit code 6.

Usage: allocations.py PARPRIME_FAULTY PARPRIME WRAPPED,...
"""

import os
import subprocess
import sys
import tempfile

from support import ALL, Judge, Run, chosen, in_parallel

# Functions of libraries that allocate for their caller and are not wrapped, with the reason.
KNOWN = {
    "argp_parse": "fails before anything is done; main looks at what it returns",
    "qsort": "sorts in place when it has no memory",
    "on_exit": "the first 32 have static room",
    "pthread_mutex_init": "allocates nothing on Linux",
    "pthread_cond_init": "allocates nothing on Linux",
}
# A comparison's document is ten thousand allocations, and every run of one measures something first.
MOST_MEASURED = 250
# All that could allocate and say so: whoever uses another one wraps it, or says why not.
ALLOCATING = """malloc calloc realloc reallocarray aligned_alloc posix_memalign memalign valloc
pvalloc strdup strndup asprintf vasprintf getline getdelim fopen fdopen freopen tmpfile popen
open_memstream fmemopen fopencookie mmap mmap64 mremap sbrk brk pthread_create thrd_create dlopen
opendir fdopendir scandir glob realpath getcwd get_current_dir_name setenv putenv regcomp wordexp
getaddrinfo hcreate newlocale on_exit atexit argp_parse posix_spawn fork vfork hwloc_topology_init
timer_create sem_open tsearch hsearch canonicalize_file_name tempnam""".split()


def check_wrapped(program, wrapped):
    """Does the program call anything that allocates and is not counted?"""
    if b"__gcov_" in subprocess.run(["nm", program], stdout=subprocess.PIPE, check=True).stdout:
        return True  # what counts branches allocates in ways of its own
    listing = subprocess.run(["nm", "-D", "--undefined-only", program], capture_output=True,
                             text=True, check=True).stdout
    used = {line.split()[-1].split("@")[0] for line in listing.splitlines()}
    missing = [name for name in ALLOCATING
               if name in used and name not in wrapped and name not in KNOWN]
    if missing:
        print("called, but never made to fail: " + " ".join(missing))
    return not missing


def scenarios(folder):
    numbers = os.path.join(folder, "numbers")
    with open(numbers, "w", encoding="ascii") as file:
        for i in range(3000):
            file.write(f"{10**15 + i} # {i}\n")
        file.write("2^89-1 2^64+13 10**30\n0x1f 1e3 (2)\n")
    words = [
        "count 1e6 --backend serial",
        "count 0 3e7 --backend openmp -t 2",
        "count 1e18 1e18+1e5 --method sieve --backend serial --format csv",
        "count 1e18 1e18+1e5 --method hybrid -v",
        "count 1e5 --format json",
        "count 1e6 --method pi",
        "count 1e6 --verify 100",
        "list 1e5 --backend serial",
        "list 2e6 --backend openmp -t 3",
        "list 1e5 --format json",
        "list 1e5 --order completion --format csv",
        "list 1e5 --output-format u64",
        "test 7 8 2^64+13 2^89-1",
        "test 7 8 --format json",
        f"test --input {numbers}",
        f"test --input {numbers} --format csv --only prime",
        f"test --input {numbers} --count --backend openmp -t 2",
        "test -e 7 11 13",
        "test -e 7 8",
        "iterate",
        "iterate --exact --steps 12",
        "iterate --mod 10^30 --format json",
        "iterate --last 40 --format csv --steps 100",
        "compare --runs 1 --warmup 0 --backend serial,openmp --format json -- count 1e5",
        "compare --runs 1 --warmup 0 --backend serial --format csv -- list 1e4",
        "compare --runs 1 --warmup 0 --backend serial --method mr,trial -- test 7 8 9",
        "count 0 3e7 --ledger FRESH/ledger",
        "list 1e5 --ledger FRESH/ledger -o FRESH/primes",
        "audit FRESH/made --all",
        "scale --runs 1 --warmup 0 --threads 1,2 --format json -- count 1e5",
        "devices --format json",
        "--version",
        "count --help",
        "count 1e6 --backend opencl",
        "list 1e5 --backend opencl --format json",
    ]
    return [line.split() for line in words]


def run_fresh(faulty, words, environment):
    """Each run has a folder of its own, for a ledger that nobody has written to."""
    with tempfile.TemporaryDirectory() as folder:
        if "FRESH/made" in words:
            Run([faulty, *f"count 0 2e6 --ledger {folder}/made".split()])
        return Run([faulty, *(word.replace("FRESH", folder) for word in words)], environment)


def main():
    faulty, program, wrapped = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
    bad = not check_wrapped(program, wrapped)
    judge = Judge("allocations of the program")
    seen = set()  # places that have failed
    with tempfile.TemporaryDirectory() as folder:
        for number, words in enumerate(scenarios(folder)):
            report = os.path.join(folder, f"report{number}")
            places = os.path.join(folder, f"places{number}")
            right = run_fresh(faulty, words, {"FAULT_ALLOCATION": "0",
                                              "FAULT_ALLOCATION_REPORT": report,
                                              "FAULT_ALLOCATION_PLACES": places})
            if right.code == 4:
                print(f"{' '.join(words)}: not available here")
                continue
            if right.code not in (0, 1):
                print(f"{' '.join(words)}: undisturbed, {right}")
                return 1
            with open(report, encoding="ascii") as file:
                total = int(file.read())
            measures = words[0] in ("compare", "scale")
            most = 6 if measures or words[0] == "audit" or "opencl" in words else 12
            if measures and ALL:
                most = MOST_MEASURED
            cases = [(k, for_good) for k in chosen(range(1, total + 1), most, always=measures)
                     for for_good in (False, True)]

            with open(places, encoding="ascii") as file:
                new = [place for place in file.read().split() if place not in seen]
            seen.update(new)
            cases += [(place, for_good) for place in new for for_good in (False, True)]

            def run(case, words=words):
                k, for_good = case
                environment = {"FAULT_ALLOCATION": str(k)} if isinstance(k, int) else \
                    {"FAULT_ALLOCATION_AT": k}
                if for_good:
                    environment["FAULT_ALLOCATION_FOR_GOOD"] = "1"
                return run_fresh(faulty, words, environment)

            runs = in_parallel([lambda case=case: run(case) for case in cases])
            for (k, for_good), found in zip(cases, runs):
                name = f"{' '.join(words)}, allocation {k} of {total}" + \
                    (" and all after" if for_good else "")
                codes = {6, 4} if "pi" in words else {6}
                judge.take(name, found, right, codes)
            if ALL:
                print(f"{' '.join(words)}: {total} allocations")
    print(f"{len(seen)} places that allocate")
    return int(judge.end() or bad)


sys.exit(main())
