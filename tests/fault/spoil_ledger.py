"""spoil_ledger.py PROGRAM [TRIALS]: ledgers that were cut off, and ledgers with flipped bits.

Whatever was spoiled, and wherever: the command that the ledger is of gives the right answer, or
refuses with exit code 2 or 5 and says why. It never gives a wrong answer with exit code 0, and never
ends by a signal. TRIALS is 60, or 600 with PARPRIME_TEST_ALL=1; the seed of the chance is printed,
and taken from SEED.
"""

import collections
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
ALL = os.environ.get("PARPRIME_TEST_ALL")
TRIALS = int(sys.argv[2]) if len(sys.argv) > 2 else 600 if ALL else 60
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, timeout=120, check=False)


def digest_of(done):
    text = done.stderr.decode()
    return text[text.index("digest ") + 7:][:16]


def spoil(chance, content):
    """What happened to the file, in a word, and its new content."""
    what = chance.choice(["bit", "bit", "bits", "byte", "cut", "cut page", "zeros", "page", "longer",
                          "swap"])
    spoiled = bytearray(content)
    at = chance.randrange(len(spoiled))
    page = 4096
    if what == "bit":
        spoiled[at] ^= 1 << chance.randrange(8)
    elif what == "bits":
        for _ in range(chance.randrange(2, 40)):
            spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
    elif what == "byte":
        spoiled[at] = chance.randrange(256)
    elif what == "cut":
        del spoiled[at:]
    elif what == "cut page":
        del spoiled[at // page * page:]
    elif what == "zeros":
        end = min(len(spoiled), at + chance.randrange(1, 600))
        spoiled[at:end] = bytes(end - at)
    elif what == "page":
        start = at // page * page
        spoiled[start:start + page] = chance.randbytes(page)
    elif what == "longer":
        spoiled += chance.randbytes(chance.randrange(1, 3 * page))
    elif what == "swap":
        pages = len(spoiled) // page
        a, b = chance.randrange(pages) * page, chance.randrange(pages) * page
        spoiled[a:a + page], spoiled[b:b + page] = spoiled[b:b + page], spoiled[a:a + page]
    return what, bytes(spoiled)


# Slow enough on any machine to be interrupted; a ledger does not mind how its job goes on.
SLOWLY = ["--backend", "serial", "--method", "mr", "--simd", "none"]


def interrupted(words, ledger):
    """A ledger of part of the job, left by a run that was ended by a signal."""
    for seconds in (0.25, 0.5, 1, 2, 4):
        for name in (ledger, ledger + "-journal", "list"):
            if os.path.exists(name):
                os.remove(name)
        with subprocess.Popen([PROGRAM, *words, *SLOWLY, "--ledger", ledger], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(2)
        if os.path.exists(ledger):
            with contextlib.closing(sqlite3.connect(ledger)) as db:
                try:
                    if db.execute("SELECT count(*) FROM unit").fetchone()[0] > 1:
                        return
                except sqlite3.OperationalError: # not begun
                    pass
    sys.exit("no run was interrupted while there was something in its ledger")


def torn(content):
    """The ledger and its journal as a power cut in the middle of a commit leaves them."""
    with open("torn", "wb") as file:
        file.write(content)
    db = sqlite3.connect("torn", isolation_level=None)
    db.execute("PRAGMA cache_size = 1")
    db.execute("PRAGMA cache_spill = 1")
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE unit SET count = count + 1, device = device || hex(randomblob(999))")
    files = open("torn", "rb").read(), open("torn-journal", "rb").read()
    db.execute("ROLLBACK")
    db.close()
    os.remove("torn")
    # The journal names no file of its own: it belongs to whatever it lies beside.
    return files


def main():
    print("seed", SEED)
    chance = random.Random(SEED)
    os.chdir(tempfile.mkdtemp())
    if run("count", "10", "-q", "--ledger", "probe").returncode == 4:
        print("no ledger in this build")
        return 77
    ends = collections.Counter()
    wrong = 0
    jobs = [["count", "1e9", "--method", "sieve"], ["list", "1e8", "-o", "list"]]
    for job in jobs:
        clean = run(*job)
        want, want_digest = clean.stdout, digest_of(clean)
        whole = open("list", "rb").read() if job[0] == "list" else b""
        ledgers = []
        for name in ("L", "L-journal", "list"):
            if os.path.exists(name):
                os.remove(name)
        if run(*job, "--ledger", "L").returncode != 0:
            sys.exit("a sound ledger is refused")
        ledgers.append(("whole", open("L", "rb").read(), None, whole))
        interrupted(job, "L")
        listed = open("list", "rb").read() if whole else b""
        ledgers.append(("half", open("L", "rb").read(), None, listed))
        ledgers.append(("torn", *torn(ledgers[1][1]), listed))
        for trial in range(TRIALS // len(jobs)):
            kind, content, journal, listed = ledgers[trial % 3]
            what, spoiled = spoil(chance, journal or content)
            for name in ("L", "L-journal"):
                if os.path.exists(name):
                    os.remove(name)
            with open("L", "wb") as file:
                file.write(content if journal else spoiled)
            if journal: # the first time as it is
                with open("L-journal", "wb") as file:
                    file.write(spoiled if trial > 3 else journal)
                what = "journal, " + (what if trial > 3 else "as it is")
            if whole:
                with open("list", "wb") as file:
                    file.write(listed)
            done = run(*job, "--ledger", "L")
            code = done.returncode
            good = code in (2, 5) and not done.stdout and done.stderr.startswith(b"parprime: ")
            if code == 0:
                good = done.stdout == want and digest_of(done) == want_digest
                if whole:
                    good = good and open("list", "rb").read() == whole
            ends[what, code] += 1
            if not good:
                wrong += 1
                keep = os.path.join(tempfile.gettempdir(), f"spoiled_ledger.{SEED}.{trial}")
                shutil.copy("L", keep)
                print(f"{' '.join(job)}, {kind}, {what}: exit code {code}, {keep}:",
                      done.stdout[:100], done.stderr.decode(errors="replace")[:300])
    total = sum(ends.values())
    codes = collections.Counter()
    for (_, code), n in ends.items():
        codes[code] += n
    print(f"{total} spoiled ledgers: {codes[0]} times the right answer, {codes[2] + codes[5]} times "
          f"refused, {wrong} times wrong")
    for (what, code), n in sorted(ends.items()):
        print(f"  {what}: exit code {code}: {n}")
    shutil.rmtree(os.getcwd())
    return 1 if wrong else 0


sys.exit(main())
