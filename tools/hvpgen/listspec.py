# SPDX-License-Identifier: BSD-2-Clause
"""Checks the lists that conformance cases cite: requirements and bugs."""
import re

from constspec import allow, need, one_of

REQUIREMENT = re.compile(r"^[A-Z]+-(REQ|SEC)-\d+$")
BUG = re.compile(r"^BUG-\d{3}$")
SECTION = re.compile(r"^\d+:[0-9A-Z.]+$")


def check_ids(rows, pattern):
    """Ids are well formed and stand once; a case cites them for years."""
    seen = {}
    for row in rows:
        need(row, "id")
        if not pattern.match(row["id"]):
            row.fail(f"id '{row['id']}' is not of the form {pattern.pattern}", "id")
        if row["id"] in seen:
            row.fail(f"id '{row['id']}' is already used on line {seen[row['id']]}", "id")
        seen[row["id"]] = row.line


def check_requirements(spec):
    need(spec, "name", "title", "doc", "sources", "requirements")
    allow(spec, "kind", "name", "title", "doc", "sources", "requirements")
    check_ids(spec["requirements"], REQUIREMENT)
    for row in spec["requirements"]:
        need(row, "side", "level", "section", "src", "text")
        allow(row, "id", "side", "level", "section", "src", "text")
        one_of(row, "side", ("guest", "host", "both"))
        one_of(row, "level", ("must", "should"))
        if not SECTION.match(row["section"]):
            row.fail(f"section '{row['section']}' is not chapter:section", "section")
        for key in row["src"]:
            if key not in spec["sources"]:
                row.fail(f"source '{key}' is not in the file's source table", "src")
    return spec


def check_bugs(spec):
    need(spec, "name", "title", "doc", "bugs")
    allow(spec, "kind", "name", "title", "doc", "bugs")
    check_ids(spec["bugs"], BUG)
    for row in spec["bugs"]:
        need(row, "area", "fault", "class", "script", "trigger", "seen", "right", "source")
        allow(row, "id", "area", "fault", "class", "script", "trigger", "seen", "right",
              "source")
        one_of(row, "fault", ("guest", "host"))
        one_of(row, "script", ("yes", "no"))
    return spec
