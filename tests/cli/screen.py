"""What a terminal shows in the end of what was written to it: screen.py [--all] FILE.

Carriage returns and "erase to the end of the line" are done, and any other escape sequence is an
error. With --all, every state of a line that was ever drawn is printed, not only the last one.
"""

import sys


def main():
    every = sys.argv[1] == "--all"
    with open(sys.argv[-1], encoding="utf-8", newline="") as file:
        text = file.read()
    lines, column, drawn, i = [[]], 0, [], 0
    while i < len(text):
        c, line = text[i], lines[-1]
        if c == "\r" or c == "\n":
            shown = "".join(line).rstrip()
            if shown and (not drawn or drawn[-1] != shown):
                drawn.append(shown)
            column = 0
            if c == "\n":
                lines.append([])
        elif text.startswith("\033[K", i):
            del line[column:]
            i += 2
        elif c == "\033":
            sys.exit(f"an escape sequence: {text[i:i + 8]!r}")
        else:
            line[column:column + 1] = c
            column += 1
        i += 1
    shown = drawn if every else ["".join(line).rstrip() for line in lines]
    print("\n".join(shown))


main()
