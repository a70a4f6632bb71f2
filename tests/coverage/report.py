#!/usr/bin/env python3
"""Which branches of src/ tests take: a table, and whether that is enough.

Usage: report.py [--share] COVERAGE.json    what `gcovr --json` wrote
       report.py --check                    only: is what `unreachable` says still in the tree?

The files in WHOLE must have all their branches taken but those that `unreachable` lists beside this
file, and all files together LEAST percent of theirs; otherwise the exit code is 1. With --share not
all tests were run, so only the files in WHOLE are judged.

An entry of `unreachable` is

    FILE: N of M: the line, as it stands there
        why these branches cannot be taken, in as many lines as it needs

for N of the M branches of that line (several lines that are the same need an entry each, in their
order). An entry whose line is no longer there, or of which other than N branches are not taken,
makes the report fail, so that the list cannot outlive its reasons.
"""

import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIST = os.path.join(HERE, "unreachable")
LEAST = 90.0
# The parser, where partial answers are put together, and the ledger.
WHOLE = ["src/base/parse.c", "src/engine/ordered.c", "src/engine/run.c", "src/cli/ledger.c",
         "src/cli/ledger_store.c"]

ENTRY = re.compile(r"(\S+): (\d+) of (\d+): (.*\S)\s*$")


def read_list(path):
    """Entries as (file, how many, of how many, line's text, number of the entry's line)."""
    entries = []
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#") or line[0].isspace():
            continue
        match = ENTRY.match(line)
        reason = lines[number] if number < len(lines) else ""
        if not match or not reason.strip() or not reason[0].isspace():
            sys.exit(f"{path}:{number}: not an entry with a reason below it: {line}")
        entries.append((match[1], int(match[2]), int(match[3]), match[4], number))
    return entries


def source(name):
    try:
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            return [line.strip() for line in file.read().splitlines()]
    except FileNotFoundError:
        return []


def place(entries):
    """The entries by (file, number of the line), and what is wrong with others."""
    placed, wrong, used = {}, [], {}
    for name, missing, total, text, number in entries:
        numbers = [at for at, line in enumerate(source(name), 1) if line == text]
        nth = used.get((name, text), 0)
        used[name, text] = nth + 1
        if nth >= len(numbers):
            wrong.append(f"unreachable:{number}: {name} has no such line: {text}")
        else:
            placed[name, numbers[nth]] = (missing, total, text, number)
    return placed, wrong


def percent(taken, total):
    return 100.0 * taken / total if total else 100.0


def judge(document, placed, wrong):
    """Rows (file, branches, taken, unreachable); what is not taken in WHOLE is added to wrong."""
    rows = []
    for file in document["files"]:
        name, text = file["file"], source(file["file"])
        total = taken = excused = 0
        for line in file["lines"]:
            if line.get("gcovr/noncode") or not line["branches"]:
                continue
            number, branches = line["line_number"], line["branches"]
            missing = sum(branch["count"] == 0 for branch in branches)
            total += len(branches)
            taken += len(branches) - missing
            entry = placed.pop((name, number), None)
            if entry and (missing, len(branches)) == entry[:2]:
                excused += missing
            elif entry:
                wrong.append(f"unreachable:{entry[3]}: {missing} of {len(branches)} branches are "
                             f"not taken, not {entry[0]} of {entry[1]}: {entry[2]}")
            elif missing and name in WHOLE:
                wrong.append(f"{name}:{number}: {missing} of {len(branches)} branches are not "
                             f"taken: {text[number - 1]}")
        rows.append((name, total, taken, excused))
    for (name, number), entry in placed.items():
        wrong.append(f"unreachable:{entry[3]}: {name}:{number} has no branches that are counted: "
                     f"{entry[2]}")
    known = {row[0] for row in rows}
    wrong += [f"{name}: was not counted" for name in WHOLE if name not in known]
    return rows


def show(rows):
    print(f"{'file':44} {'branches':>8} {'taken':>6} {'%':>6}  unreachable")
    for name, total, taken, excused in sorted(rows):
        if total:
            print(f"{name:44} {total:8} {taken:6} {percent(taken, total - excused):6.1f}  "
                  f"{excused or ''}".rstrip())


def main():
    words = sys.argv[1:]
    placed, wrong = place(read_list(LIST))
    share = "--share" in words
    if words != ["--check"]:
        paths = [word for word in words if word != "--share"]
        if len(paths) != 1:
            sys.exit(__doc__)
        with open(paths[0], encoding="utf-8") as file:
            rows = judge(json.load(file), placed, wrong)
        show(rows)
        total = sum(row[1] - row[3] for row in rows)
        taken = sum(row[2] for row in rows)
        print(f"overall: {taken} of {total} branches that can be reached, "
              f"{percent(taken, total):.1f}%")
        if not share and percent(taken, total) < LEAST:
            wrong.append(f"overall: less than {LEAST:g}%")
    for text in wrong:
        print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
