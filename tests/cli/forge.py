"""forge.py LEDGER delete ID | answers N | alter ID COLUMN VALUE | split N: changes a
ledger as somebody would who knows its checksums, so that only what the rows say is wrong."""

import json
import os
import sqlite3
import subprocess
import sys


def xxh64(text):
    out = subprocess.run(["xxhsum", "-H64"], input=text.encode(), capture_output=True, check=True)
    return out.stdout.split()[0].decode()


def job_hash(db):
    job = db.execute("SELECT command, lo, hi, output, answers FROM job").fetchone()
    return xxh64("".join(f"{value}\n" for value in job))


def row_sum(db, row):
    (lo, hi, count, digest, method, backend, device, simd, version, seconds, finished, end, output,
     standing) = row
    fields = [job_hash(db), lo, hi, count, digest or "", method, backend, device, simd, version,
              f"{seconds:.6f}", finished, "" if end is None else end, output or "", standing]
    return xxh64("".join(f"{field}\n" for field in fields))


COLUMNS = ("lo, hi, count, digest, method, backend, device, simd, version, seconds, finished, "
           "output_end, output_hash, standing")


def primes_in(program, lo, hi):
    out = subprocess.run([program, "count", str(lo), str(hi), "--format", "json", "-q"],
                         capture_output=True, check=True)
    result = json.loads(out.stdout)["results"][0]
    return int(result["count"]), int(result["digest"], 16)


def split(db, least):
    """Parts the longest rows until there are so many: the truth, in more pieces."""
    program = os.environ["PARPRIME"]
    while db.execute("SELECT count(*) FROM unit").fetchone()[0] < least:
        columns = "id, lo, hi, count, digest, output_end"
        rows = db.execute(f"SELECT {columns} FROM unit").fetchall()
        ident, lo, hi, count, digest, end = max(rows, key=lambda row: int(row[2]) - int(row[1]))
        middle = (int(lo) + int(hi)) // 2
        if end is not None:
            return
        first, first_digest = primes_in(program, int(lo), middle)
        db.execute("INSERT INTO unit SELECT NULL, lo, ?, ?, ?, method, backend, device, simd, "
                   "version, seconds, finished, output_end, output_hash, standing, sum FROM unit "
                   "WHERE id = ?", (str(middle), first, f"{first_digest:016x}", ident))
        db.execute("UPDATE unit SET lo = ?, count = ?, digest = ? WHERE id = ?",
                   (str(middle + 1), count - first,
                    f"{(int(digest, 16) - first_digest) % 2**64:016x}", ident))


def main(path, what, *words):
    db = sqlite3.connect(path)
    if what == "delete":
        db.execute("DELETE FROM unit WHERE id = ?", (int(words[0]),))
    elif what == "answers":
        db.execute("UPDATE job SET answers = ?", (int(words[0]),))
        db.execute("UPDATE job SET hash = ?", (job_hash(db),))
    elif what == "alter":
        db.execute(f"UPDATE unit SET {words[1]} = ? WHERE id = ?", (words[2], int(words[0])))
    elif what == "split":
        split(db, int(words[0]))
    else:
        sys.exit(2)
    total = 0
    for row in db.execute(f"SELECT id, {COLUMNS} FROM unit").fetchall():
        found = row_sum(db, row[1:])
        db.execute("UPDATE unit SET sum = ? WHERE id = ?", (found, row[0]))
        total = (total + int(found, 16)) % 2**64
    units, opened = db.execute("SELECT (SELECT count(*) FROM unit), opened FROM total").fetchone()
    sums = f"{total:016x}"
    db.execute("UPDATE total SET units = ?, sums = ?, sum = ?",
               (units, sums, xxh64(f"{job_hash(db)}\n{units}\n{sums}\n{opened}\n")))
    db.commit()


main(*sys.argv[1:])
