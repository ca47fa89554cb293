# SPDX-License-Identifier: BSD-2-Clause
"""Checks specs of constants (kind: constants) and of GUIDs (kind: guids).

Rows keep the line they stand on, so that every complaint reads `file:line: message`.
"""
import re
import uuid

from load import Loader, Map
from model import EVIDENCE, SCALARS, SpecError

PIPE = ("none", "message", "byte", "framed", "unknown")
PER_VM = ("one", "two", "four", "many", "any")
GUID_FLAGS = ("subchannels", "isolation", "port")
CONST = re.compile(r"^[A-Z][A-Z0-9_]*$")
TYPE = re.compile(r"^(u8|u16|u32|u64|i32|i64)(?:\[(\d+)\])?$")


class Hex(int):
    """A number that the spec writes in hex, and so do the outputs."""

    digits = 1


class Row(Map):
    """A mapping of a spec; what checks find out about it becomes an attribute."""

    path = ""

    def fail(self, message, key=None):
        raise SpecError(self.path, self.lines.get(key, self.line), message)


class RowLoader(Loader):
    """Reads any spec file into Rows."""

    def plain(self, node):
        value = super().plain(node)
        if isinstance(value, Map):
            row = Row(value)
            row.line, row.lines, row.path = value.line, value.lines, self.shown
            return row
        if isinstance(value, int) and node.value.startswith("0x"):
            value = Hex(value)
            value.digits = len(node.value) - 2
        return value


def load_rows(path, shown=None):
    return RowLoader(path, shown or path).top


def need(row, *keys):
    for key in keys:
        if key not in row:
            row.fail(f"'{key}' is missing")


def allow(row, *keys):
    for key in row:
        if key not in keys:
            row.fail(f"unknown key '{key}'", key)


def one_of(row, key, words):
    if row[key] not in words:
        row.fail(f"{key} '{row[key]}' is none of {', '.join(words)}", key)


def check_source(row, spec):
    need(row, "src", "evidence")
    for key in row["src"]:
        if key not in spec["sources"]:
            row.fail(f"source '{key}' is not in the file's source table", "src")
    one_of(row, "evidence", EVIDENCE)


def _unique(row, name, seen):
    if name in seen:
        row.fail(f"name '{name}' is already used on line {seen[name]}", "name")
    seen[name] = row.line


def check_constant(row, width):
    """Sets row.parts: (suffix, number, is a mask) of each macro a constant stands for."""
    need(row, "name")
    allow(row, "name", "value", "bit", "bits", "doc")
    if not CONST.match(row["name"]):
        row.fail(f"'{row['name']}' is not a name in capitals", "name")
    if sum(key in row for key in ("value", "bit", "bits")) != 1:
        row.fail("one of 'value', 'bit' and 'bits' is needed")
    if "value" in row:
        row.parts = [("", row["value"], False)]
        if not 0 <= row["value"] < 1 << width:
            row.fail(f"value does not fit {width} bits", "value")
    elif "bit" in row:
        if not 0 <= row["bit"] < width:
            row.fail(f"bit {row['bit']} is outside {width} bits", "bit")
        row.parts = [("", 1 << row["bit"], True)]
    else:
        high, low = row["bits"]
        if not 0 <= low <= high < width:
            row.fail(f"bits {high}:{low} are outside {width} bits", "bits")
        mask = ((1 << (high - low + 1)) - 1) << low
        row.parts = [("_MASK", mask, True), ("_SHIFT", low, False)]


def check_layout(row, spec):
    need(row, "name", "title", "section", "size", "fields")
    allow(row, "name", "title", "section", "src", "evidence", "size", "doc", "fields")
    check_source(row, spec)
    at = 0
    names = {}
    for field in row["fields"]:
        need(field, "at", "name", "type")
        allow(field, "at", "name", "type", "doc", "reserved", "max")
        _unique(field, field["name"], names)
        match = TYPE.match(field["type"])
        if not match:
            field.fail(f"unknown type '{field['type']}'", "type")
        if field["at"] != at:
            field.fail(f"field '{field['name']}' is at {field['at']}, but the one before "
                       f"ends at {at}", "at")
        field.count = int(match.group(2) or 1)
        field.width = SCALARS[match.group(1)][0]
        field.size = field.width * field.count
        at += field.size
    if row["size"] not in (at, 4096) or at > row["size"]:
        row.fail(f"size is {row['size']}, but the fields end at {at}", "size")


def check_constants(spec):
    need(spec, "name", "prefix", "title", "doc", "sources", "groups")
    allow(spec, "kind", "name", "prefix", "title", "doc", "sources", "groups", "layouts")
    seen = {}
    for group in spec["groups"]:
        need(group, "name", "title", "section", "width", "constants")
        allow(group, "name", "title", "section", "src", "evidence", "width", "constants",
              "doc", "enum")
        check_source(group, spec)
        for row in group["constants"]:
            check_constant(row, group["width"])
            _unique(row, row["name"], seen)
    for layout in spec.get("layouts", []):
        check_layout(layout, spec)
        _unique(layout, layout["name"], seen)
    return spec


def guid_bytes(row):
    try:
        value = uuid.UUID(str(row["guid"]))
    except ValueError:
        row.fail(f"'{row['guid']}' is not a GUID", "guid")
    if str(value) != row["guid"]:
        row.fail(f"'{row['guid']}' is not a GUID in lower case with dashes", "guid")
    return value.bytes_le


def check_guids(spec):
    need(spec, "name", "title", "doc", "sources", "interfaces", "instances", "others")
    allow(spec, "kind", "name", "title", "doc", "sources", "interfaces", "instances", "others")
    classes = {}
    for row in spec["interfaces"]:
        need(row, "name", "title", "guid", "wire", "per_vm", "pipe")
        allow(row, "name", "title", "guid", "wire", "per_vm", "pipe", "flags", "src",
              "evidence", "doc")
        check_source(row, spec)
        _unique(row, row["name"], classes)
        row.wire = guid_bytes(row)
        if row.wire != bytes.fromhex(row["wire"]):
            row.fail(f"wire bytes are not those of {row['guid']}", "wire")
        one_of(row, "per_vm", PER_VM)
        one_of(row, "pipe", PIPE)
        for flag in row.get("flags", []):
            if flag not in GUID_FLAGS:
                row.fail(f"flag '{flag}' is none of {', '.join(GUID_FLAGS)}", "flags")
    for part in ("instances", "others"):
        seen = {}
        for row in spec[part]:
            need(row, "name", "guid")
            allow(row, "name", "guid", "interface", "src", "evidence", "doc")
            check_source(row, spec)
            _unique(row, row["name"], seen)
            row.wire = guid_bytes(row)
            if part == "instances" and row.get("interface") not in classes:
                row.fail(f"interface '{row.get('interface')}' is not in this file", "interface")
    return spec
