#!/usr/bin/env python3
"""Chooses the few inputs that together reach most: choose.py CONTROL_FILE FOLDER MOST.

Reads what `-set_cover_merge=1 -merge_control_file=` has written, which says for each input what it
reaches, and copies at most MOST inputs into FOLDER: each time the one that adds most to those
chosen before, the shorter one of two.
"""
import os
import shutil
import sys

control, folder, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
lines = open(control).read().split("\n")
n = int(lines[0])
names, size, reached = lines[2 : 2 + n], {}, {}
for line in lines[2 + n :]:
    words = line.split()
    if words and words[0] == "STARTED":
        size[int(words[1])] = int(words[2])
    elif words and words[0] == "FT":
        reached[int(words[1])] = set(words[2:])

chosen, everything = set(), set()
while len(chosen) < most and reached:
    best = max(reached, key=lambda i: (len(reached[i] - everything), -size[i]))
    if not reached[best] - everything:
        break
    chosen.add(best)
    everything |= reached.pop(best)
for i in chosen:
    shutil.copy(names[i], os.path.join(folder, os.path.basename(names[i])))
total = len(everything.union(*reached.values()))
print(f"{len(chosen)} of {n} inputs reach {len(everything)} of {total}")
