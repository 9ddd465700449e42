#!/usr/bin/env python3
"""Writes data/commands.tsv and data/aliases.tsv from PowerShell's own metadata and the files beside this one.

Usage: tools/command_table.py FOLDER
FOLDER holds powershell-7.6.json, powershell-core-6.1.json, windows-powershell-5.1.json and language/aliases.json.
What the output means is said in src/commands/table.rs.
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
TYPES = {
    "SwitchParameter": "switch", "String": "string", "Int32": "int", "Int64": "long", "UInt32": "uint32",
    "UInt64": "uint64", "UInt16": "uint16", "Int16": "int16", "Boolean": "bool", "Byte": "byte", "Double": "double",
    "Single": "float", "Decimal": "decimal", "Char": "char", "DateTime": "datetime", "TimeSpan": "timespan",
    "Guid": "guid", "Uri": "uri", "Object": "object", "Hashtable": "hashtable", "ScriptBlock": "scriptblock",
    "PSObject": "psobject", "PSCredential": "pscredential", "SecureString": "securestring", "Version": "version",
    "XmlDocument": "xml", "Type": "type", "CimInstance": "ciminstance",
}
SHORT = {name.lower(): name for name in TYPES.values()}
# The verbs that only look, but for the commands in risk.tsv.
READ_VERBS = {"Get", "Test", "Measure", "Compare", "Search", "Resolve", "Select", "Sort", "Group", "ConvertTo",
              "ConvertFrom", "Where", "Join", "Split", "Find"}
PATH_MODULES = {"Microsoft.PowerShell.Management", "Microsoft.PowerShell.Utility", "Microsoft.PowerShell.Security",
                "Microsoft.PowerShell.Diagnostics", "Microsoft.PowerShell.Archive"}
PATH_PARAMETERS = {"Path", "LiteralPath", "FilePath", "Destination", "DestinationPath", "OutFile", "InFile",
                   "AdditionalChildPath", "ChildPath", "OutputPath", "SourcePathOrExtension", "AclObject"} - {
                   "ChildPath", "AdditionalChildPath", "AclObject", "SourcePathOrExtension"}


def rows(name):
    """The lines of a file beside this one, without comments."""
    for line in (HERE / "command_table" / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def short_type(name):
    """A type's name as the syntax of a command shows it."""
    if name.startswith("System.Nullable`1[["):
        return short_type(name[len("System.Nullable`1[["):].split(",")[0]) + "?"
    array = "[]" if name.endswith("[]") else ""
    name = name.removesuffix("[]")
    name = re.split(r"[`,]", name)[0].split(".")[-1].split("+")[-1]
    return TYPES.get(name, name) + array


DEFAULTS = {name.lower(): parameter.lower() for name, parameter in rows("defaults.tsv")}
PIPELINE = list(rows("pipeline.tsv"))
ALIASES = list(rows("parameters.tsv"))


class Parameter:
    """A parameter and, for each set, whether it is mandatory, its position and its pipeline binding."""

    def __init__(self, name, kind, aliases=()):
        self.name, self.kind, self.aliases = name, kind, list(aliases)
        self.sets = {}

    def text(self, count, flags, source):
        every = list(self.sets.values())
        if "*" in self.sets:
            sets = "*" + self.sets["*"]
        elif source != "7" and len(every) == count and len(set(every)) == 1:
            sets = "*" + every[0]
        else:
            sets = ",".join(f"{index}{facts}" for index, facts in sorted(self.sets.items()))
        return ":".join([self.name, self.kind, ",".join(self.aliases), flags, sets])


def facts(mandatory=False, position=None, value=False, name=False, remaining=False):
    return (("m" if mandatory else "") + ("v" if value else "") + ("n" if name else "")
            + ("r" if remaining else "") + ("" if position is None else f"@{position}"))


def from_metadata(data):
    """Commands of the newest PowerShell, with all there is to know."""
    for name, command in data["commands"].items():
        if not re.fullmatch(r"[A-Za-z]+-[A-Za-z0-9]+", name):
            continue
        sets = sorted({one for p in command["parameters"].values() for one in p["sets"]} - {"__AllParameterSets"})
        parameters = []
        for key, value in command["parameters"].items():
            parameter = Parameter(key, short_type(value["type"]), value["aliases"])
            for one, detail in value["sets"].items():
                index = "*" if one == "__AllParameterSets" else sets.index(one)
                parameter.sets[index] = facts(detail.get("mandatory"), detail.get("position"), detail.get("pipeline"),
                                              detail.get("pipeline_by_name"), detail.get("remaining"))
            parameters.append(parameter)
        default = command["default_set"]
        default = str(sets.index(default)) if default in sets else "-"
        yield (name, command["module"], "7", command["should_process"], default, max(len(sets), 1), parameters)


TOKEN = re.compile(
    r"(?P<optional>\[)?(?P<positional>\[)?-(?P<name>[A-Za-z0-9_]+)(?P<close>\])?"
    r"(?: <(?P<type>(?:[^<>]|<[^<>]*>)+)>(?: \{[^{}]*\})?)?\]?")


def from_syntax(name, module, source, syntax):
    """A command of which only the syntax is known: `[[-Name] <string[]>] [-Force] [<CommonParameters>] …`."""
    if isinstance(syntax, list):
        texts = syntax
    else:
        texts = [text for text in syntax.split("[<CommonParameters>]") if text.strip() or syntax.strip() == ""]
        texts = texts or [""]
    parameters, should_process = {}, False
    for index, text in enumerate(texts):
        position = 0
        for match in TOKEN.finditer(text.replace("[<CommonParameters>]", "")):
            key, kind = match["name"], match["type"] or "switch"
            kind = re.sub(r"\s", "", kind).replace(":", "")
            bracketed = match["optional"] and (match["positional"] or (match["close"] and kind != "switch"
                                                                     and f"[-{key}] <" in match.group(0)))
            mandatory = not match["optional"] or match.group(0).startswith(f"[-{key}] <")
            here = None
            if bracketed:
                here, position = position, position + 1
            base = kind.removesuffix("[]")
            kind = SHORT.get(base.lower(), base) + kind[len(base):]
            parameter = parameters.setdefault(key.lower(), Parameter(key, kind))
            parameter.sets[index] = facts(mandatory, here)
            should_process |= key == "WhatIf"
    # The syntax shows an order only. A parameter has the same position in all its sets, so the farthest is right.
    for parameter in parameters.values():
        places = [int(text.split("@")[1]) for text in parameter.sets.values() if "@" in text]
        for index, text in parameter.sets.items():
            if "@" in text:
                parameter.sets[index] = f"{text.split('@')[0]}@{max(places)}"
    default = "0" if len(texts) == 1 else "-"
    wanted = DEFAULTS.get(name.lower())
    if wanted:
        sets = parameters[wanted].sets
        default = str(next(index for index in sorted(sets) if "@" in sets[index]))
    for pattern, key, binding in PIPELINE:
        applies = pattern in ("*", name, f"*-{name.split('-')[1]}", f"module:{module}")
        parameter = parameters.get(key.lower())
        if applies and parameter:
            for index, text in parameter.sets.items():
                mandatory, at, place = text.partition("@")
                parameter.sets[index] = mandatory + binding + at + place
    for command, key, aliases in ALIASES:
        if command == name and key.lower() in parameters:
            parameters[key.lower()].aliases = aliases.split(",")
    return (name, module, source, should_process, default, len(texts), list(parameters.values()))


def from_modules(data, source):
    for module in data["Modules"]:
        commands = module["ExportedCommands"] or []
        for command in commands if isinstance(commands, list) else [commands]:
            name, syntax = command["Name"], command["ParameterSets"]
            if command["CommandType"] in ("Alias", "Workflow") or not re.fullmatch(r"[A-Za-z]+-[A-Za-z0-9]+", name):
                continue
            yield from_syntax(name, module["Name"], source, syntax or "")


def main():
    folder = pathlib.Path(sys.argv[1])
    load = lambda name: json.loads((folder / name).read_text(encoding="utf-8-sig"))
    risks = {name.lower(): risk for name, risk in rows("risk.tsv")}
    newest = list(from_metadata(load("powershell-7.6.json")))
    desktop = {}
    for command in from_modules(load("windows-powershell-5.1.json"), "5"):
        desktop[command[0].lower()] = command      # of two versions of a module the later counts
    known = {command[0].lower() for command in newest} | set(desktop)
    core = {}
    for command in from_modules(load("powershell-core-6.1.json"), "6"):
        if command[0].lower() not in known:
            core[command[0].lower()] = command
    own = [from_syntax(name, module, "x", syntax) for module, name, syntax in rows("additional.tsv")]
    order = {"7": 0, "x": 1, "5": 2, "6": 3}
    everything = newest + own + list(desktop.values()) + list(core.values())
    everything.sort(key=lambda command: (command[0].lower(), order[command[2]]))
    lines = []
    for name, module, source, should_process, default, count, parameters in everything:
        verb = name.split("-")[0]
        read = risks.get(name.lower(), "read" if verb in READ_VERBS else "change") == "read"
        texts = []
        for parameter in parameters:
            flags = "c" if should_process and parameter.name in ("WhatIf", "Confirm") else ""
            path = module in PATH_MODULES and parameter.name in PATH_PARAMETERS
            if path and parameter.kind in ("string", "string[]"):
                flags += "p"
            texts.append(parameter.text(count, flags, source))
        own = {parameter.name.lower() for parameter in parameters}
        for command, text in rows("dynamic.tsv"):
            if command == name and text.split(":")[0].lower() not in own:
                texts.append(text)
        lines.append("\t".join([name, module, source, "read" if read else "change", default, str(count),
                                " ".join(texts)]))
    data = HERE.parent / "data"
    (data / "commands.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    aliases = {alias["name"].lower(): alias["definition"] for alias in load("language/aliases.json")}
    aliases.update({alias.lower(): name for alias, name in rows("aliases.tsv")})
    names = {command[0].lower() for command in everything}
    text = "".join(f"{alias}\t{name}\n" for alias, name in sorted(aliases.items()) if name.lower() in names)
    (data / "aliases.tsv").write_text(text, encoding="utf-8")
    print(f"{len(lines)} commands, {text.count(chr(10))} aliases")


main()
