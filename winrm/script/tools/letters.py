#!/usr/bin/env python3
"""Writes src/characters/letters.rs from the measured characters.

Usage: tools/letters.py LANGUAGE/characters.json > src/characters/letters.rs
"""

import json
import sys
import unicodedata


def ranges(points):
    start = last = None
    for point in sorted(points):
        if last is not None and point == last + 1:
            last = point
            continue
        if start is not None:
            yield start, last
        start = last = point
    if start is not None:
        yield start, last


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        pairs = json.load(file)["continues an unbraced variable name"]
    measured = set()
    for first, last in pairs:
        measured.update(range(int(first[2:], 16), int(last[2:], 16) + 1))
    beyond = {point for point in measured if point > 0x7F}
    digits = {point for point in beyond if unicodedata.category(chr(point)) == "Nd"}
    print("//! Written by tools/letters.py from the measured characters: do not edit.\n")
    for name, what, points in (
        ("LETTERS", "letter", beyond - digits),
        ("DIGITS", "decimal digit", digits),
    ):
        print(f"/// Every {what} of the basic plane beyond ASCII, in ranges.")
        print("#[rustfmt::skip]")
        found = list(ranges(points))
        print(f"pub(super) const {name}: [(u16, u16); {len(found)}] = [")
        for index in range(0, len(found), 6):
            row = ", ".join(f"(0x{a:04X}, 0x{b:04X})" for a, b in found[index : index + 6])
            print(f"    {row},")
        print("];" + ("\n" if name == "LETTERS" else ""))


main()
