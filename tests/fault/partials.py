#!/usr/bin/env python3
"""A bit flips between a backend and the engine: compare and --verify never let it pass, and the
self-test says which backend it is.

Usage: partials.py PARPRIME_LYING (the program with partials.c: FAULT_PARTIAL says what flips)
"""

import csv
import io
import json
import sys

from support import Run, in_parallel

FIELDS = ["count", "digest", "word", "word and sums", "small primes", "first word", "n words"]
# Fields that a count's partials have; the others need a bitmap, which lists and tests bring.
SUMS, BITMAP = (0, 1), range(len(FIELDS))

CASES = [
    # What is asked, which fields are spoilt, and whether the exit code must be 3.
    ("compare --runs 1 --warmup 0 --backend serial,openmp -- count 1e6", SUMS),
    ("compare --runs 1 --warmup 0 --backend serial,openmp --method sieve -- list 1e6", BITMAP),
    ("compare --runs 1 --warmup 0 --backend serial,openmp --format json -- test 7 8 9 11", (0, 1, 2)),
    ("count 1e7 --backend openmp --method sieve --verify 100", SUMS),
    ("list 1e6 --backend openmp --method sieve --verify 100%", BITMAP),
    ("test 7 8 9 11 13 --backend openmp --verify 100", (0, 1, 2)),
    ("count 1e6 --backend openmp --method mr --verify 100 --format json", SUMS),
]


def failures_of(found, form):
    """What the self-test says has failed: how many checks of each backend."""
    if form == "json":
        rows = json.loads(found.out)["results"]
    else:
        rows = list(csv.DictReader(io.StringIO(found.out.decode())))
    failed = {}
    for row in rows:
        if row.get("failed") not in (None, ""):  # else it was left out
            failed[row["backend"]] = failed.get(row["backend"], 0) + int(row["failed"])
    return failed


def selftest(lying):
    """A backend that lies fails its self-test, and no other does, in every format."""
    wrong = []
    fewer = {"PARPRIME_SIMD": "none", "OCL_ICD_VENDORS": "/nonesuch"}
    for form in ("text", "csv", "json"):
        found = Run([lying, "selftest", "--format", form], {**fewer, "FAULT_PARTIAL": "openmp 0 0 0"})
        if found.code != 3:
            wrong.append(f"selftest --format {form}: {found}")
        elif form == "text" and b" 0 failed" in found.out.splitlines()[-1]:
            wrong.append(f"selftest, whose last line is: {found.out.splitlines()[-1]}")
        elif form != "text":
            failed = failures_of(found, form)
            if failed.get("openmp", 0) == 0 or failed.get("serial", 1) != 0:
                wrong.append(f"selftest --format {form}: failed are {failed}")
    return wrong


def main():
    lying = sys.argv[1]
    plans = [(words, field, bit) for words, fields in CASES for field in fields
             for bit in (0, 5, 33, 63)]

    def run(plan):
        words, field, bit = plan
        return Run([lying, *words.split()], {"FAULT_PARTIAL": f"openmp 0 {field} {bit}"})

    runs = in_parallel([lambda plan=plan: run(plan) for plan in plans])
    wrong, told = selftest(lying), 0
    for (words, field, bit), found in zip(plans, runs):
        name = f"{words}: {FIELDS[field]}, bit {bit}"
        undisturbed = field == 2 and "test" in words and bit >= 5  # bits of no number
        if found.code != 3 and not undisturbed:
            wrong.append(f"{name}: {found}")
        elif found.code == 3:
            told += 1
            if b"times as fast" in found.out or (b"speedup" in found.out and
                                                 b'"results": []' not in found.out):
                wrong.append(f"{name}: a ratio in spite of it: {found}")
            if words.startswith(("count", "list 1e6", "test")) and b"results" not in found.out \
                    and words.startswith("count") and found.out:
                wrong.append(f"{name}: an answer in spite of it: {found}")
    print(f"{len(plans)} flipped bits, {told} found")
    print("\n".join(wrong[:20]))
    return int(bool(wrong))


sys.exit(main())
