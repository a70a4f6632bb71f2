"""forge.py LEDGER delete ID | answers N | alter ID COLUMN VALUE | standing ID WORD: changes a
ledger as somebody would who knows its checksums, so that only what the rows say is wrong."""

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


def main(path, what, *words):
    db = sqlite3.connect(path)
    if what == "delete":
        db.execute("DELETE FROM unit WHERE id = ?", (int(words[0]),))
    elif what == "answers":
        db.execute("UPDATE job SET answers = ?", (int(words[0]),))
        db.execute("UPDATE job SET hash = ?", (job_hash(db),))
    elif what == "alter":
        db.execute(f"UPDATE unit SET {words[1]} = ? WHERE id = ?", (words[2], int(words[0])))
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
