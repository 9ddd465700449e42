#!/usr/bin/env python3
"""Makes data/display.tsv, the table of default displays, from display.json as measured on PowerShell.

    tools/display_table.py DISPLAY.json > data/display.tsv

A line is a type, T (table) or L (list), small where only the properties are known and no view, and its columns with | between them: label:property[:width[:alignment]].
Views whose columns are computed by scripts, or have headings of two lines, are left out. Those that everybody sees stand in
data/views.tsv, which is written by hand, and what it names is left out too. Widths are not in the measured
file; those of the few types that everybody sees are given here, as PowerShell's own source has them.
"""

import json
import pathlib
import sys

BY_HAND = pathlib.Path(__file__).parent.parent / "data" / "views.tsv"

WIDTHS = {
    "Microsoft.PowerShell.Commands.GroupInfo": "T\tCount:Count:5:r|Name:Name:25|Group:Group",
    "Microsoft.PowerShell.Commands.GroupInfoNoElement": "T\tCount:Count:5:r|Name:Name:25",
    "System.Collections.Hashtable": "T\tName:Name:30|Value:Value::l",
    "System.Collections.Specialized.OrderedDictionary": "T\tName:Name:30|Value:Value::l",
    "System.Collections.DictionaryEntry": "T\tName:Name:30|Value:Value::l",
    "System.ServiceProcess.ServiceController": "T\tStatus:Status:8:l|Name:Name:18|DisplayName:DisplayName:38",
    "System.Guid": "T\tGuid:Guid",
    "System.Version": "T\tMajor:Major:6|Minor:Minor:6|Build:Build:6|Revision:Revision:8",
}


def main():
    data = json.load(open(sys.argv[1], encoding="utf-8"))
    lines = dict(WIDTHS)
    for name, view in data["views"].items():
        columns = view.get("columns") or []
        usable = all(
            isinstance(c, dict) and c.get("from") == "Property" and "\n" not in (c.get("label") or "") for c in columns
        )
        if name in lines or name.startswith("Deserialized.") or not columns or not usable:
            continue
        kind = {"Table": "T", "List": "L"}.get(view["view"])
        if kind:
            fields = ["%s:%s" % (c["label"] or "", c["value"]) for c in columns]
            lines[name] = kind + "\t" + "|".join(fields)
    for name, properties in data["default_display_property_set"].items():
        if name in lines or name.startswith("Deserialized."):
            continue
        kind = "t" if len(properties) <= 4 else "l"
        lines[name] = kind + "\t" + "|".join(":" + p for p in properties)
    shadowed = {line.split("\t")[0] for line in BY_HAND.read_text(encoding="utf-8").splitlines()}
    for name in sorted(lines.keys() - shadowed):
        print(name + "\t" + lines[name])


main()
