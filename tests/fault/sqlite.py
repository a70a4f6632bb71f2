#!/usr/bin/env python3
"""SQLite's k-th allocation, statement or call of the system fails, in the program with a ledger: the
right answer, or exit code 6 or 5. The same command, undisturbed, then ends with the right answer, on
the ledger that the failure left behind.

Usage: sqlite.py PARPRIME_FAULTY
"""

import os
import shutil
import sys
import tempfile

from support import ALL, Judge, Run, chosen, in_parallel

CODES = {"allocation": 6, "io": 5, "full": 5, "busy": 5, "step": 5}

# In a folder of its own: `made` is the ledger of a count that is done, `list` that of a list that is
# done, and `primes` that list.
COMMANDS = {
    "a new count": "count 0 2e6 --ledger new",
    "a count that is done": "count 0 2e6 --ledger made",
    "a new list": "list 1e5 --ledger new -o out",
    "a list that is done": "list 1e5 --ledger list -o primes",
    "an audit": "audit made --all",
    "an audit of a list": "audit list --all",
}


def prepare(faulty, folder):
    """What the commands find."""
    for words in ("count 0 2e6 --ledger made", "list 1e5 --ledger list -o primes"):
        run = Run([faulty, *words.split()], cwd=folder)
        if run.code != 0:
            sys.exit(f"{words}: {run}")


def take_answers(run, folder):
    """What is on standard output, and the list, count as the answer."""
    for name in ("out", "primes"):
        path = os.path.join(folder, name)
        if run.code == 0 and os.path.exists(path):
            with open(path, "rb") as file:
                run.out += file.read()
    return run


def main():
    faulty = os.path.abspath(sys.argv[1])
    judge, again = Judge("SQLite in the program"), Judge("the same again")
    with tempfile.TemporaryDirectory() as top:
        made = os.path.join(top, "made")
        os.mkdir(made)
        prepare(faulty, made)

        def attempt(words, plan):
            """Two runs in a fresh copy of the folder: as planned, and undisturbed."""
            with tempfile.TemporaryDirectory(dir=top) as folder:
                shutil.copytree(made, folder, dirs_exist_ok=True)
                first = take_answers(Run([faulty, *words], plan, cwd=folder), folder)
                return first, take_answers(Run([faulty, *words], cwd=folder), folder)

        for name, line in COMMANDS.items():
            words = line.split()
            for fault, code in CODES.items():
                report = os.path.join(top, "report")
                right, right_again = attempt(words, {"FAULT_SQLITE": fault, "FAULT_SQLITE_NTH": "0",
                                                     "FAULT_SQLITE_REPORT": report})
                if right.code != 0 or right_again.code != 0:
                    print(f"{line}: undisturbed, {right}")
                    return 1
                with open(report, encoding="ascii") as file:
                    total = int(file.read())
                if ALL:
                    print(f"{line}: {fault}, {total} calls")
                cases = [(k, for_good) for k in chosen(range(1, total + 1), 4)
                         for for_good in (False, True)]

                def run(case, words=words, fault=fault):
                    plan = {"FAULT_SQLITE": fault, "FAULT_SQLITE_NTH": str(case[0])}
                    if case[1]:
                        plan["FAULT_SQLITE_FOR_GOOD"] = "1"
                    return attempt(words, plan)

                runs = in_parallel([lambda case=case: run(case) for case in cases])
                for (k, for_good), (first, second) in zip(cases, runs):
                    where = f"{name} ({line}), {fault} {k} of {total}" + \
                        (" and all after" if for_good else "")
                    judge.take(where, first, right, {code})
                    # An audit has nothing to do where the one before did its work.
                    if words[0] == "audit" and second.code == 0 and b" 0 in dispute" in second.out:
                        second.out = right.out
                    again.take(where, second, right, set())
    bad = judge.end()
    return int(again.end() or bad)


sys.exit(main())
