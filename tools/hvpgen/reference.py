# SPDX-License-Identifier: BSD-2-Clause
"""What is printed of protocols besides C: reference, dictionaries, dissector."""
import glob
import os

import emit_docs
import emit_fuzz
import emit_lua
import emit_md
import kinds

SPEC = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "spec")


def examples():
    """Of all protocols; a spec outside the tree has none."""
    return kinds.load(os.path.join(SPEC, "examples.yaml"), "spec/examples.yaml")["examples"]


def check_example(p, row):
    """An example names a message of the protocol, and fields of that message."""
    layout = next((m for m in p.messages + p.records if m.name == row["message"]), None)
    if layout is None:
        row.fail(f"{p.name} has no message '{row['message']}'", "message")
    for name in row["fields"]:
        if layout.find(name) is None:
            row.fail(f"{p.name}.{layout.name} has no field '{name}'", "fields")


def outputs(p):
    """{path: text} of one protocol."""
    rows = [row for row in examples() if row["protocol"] == p.name]
    for row in rows:
        check_example(p, row)
    return {**emit_md.outputs(p, rows), **emit_fuzz.outputs(p), **emit_docs.outputs(p)}


def dissector(root, read, more=()):
    """The one file that is printed from all specs, and @more; @read gives a checked Protocol."""
    protocols, specs = {p.name: p for p in more}, {}
    for path in sorted(glob.glob(os.path.join(root, "spec", "*.yaml"))):
        shown = os.path.relpath(path, root)
        if kinds.is_kind(path):
            spec = kinds.load(path, shown)
            specs[spec["name"]] = spec
        else:
            p = read(path, shown)
            protocols[p.name] = p
    return emit_lua.outputs(protocols, specs)
