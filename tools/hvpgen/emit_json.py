# SPDX-License-Identifier: BSD-2-Clause
"""Prints requirements and bugs as JSON for the conformance runner, one row a line."""
import json

from emit_const import MARK


def row_text(row, keys):
    return json.dumps({key: row[key] for key in keys}, ensure_ascii=True)


def table(spec, source, name, keys):
    lines = ["{", '"_generated": ' + json.dumps(MARK.format(source=source)) + ",",
             '"title": ' + json.dumps(spec["title"]) + ","]
    if "sources" in spec:
        lines.append('"sources": ' + json.dumps(spec["sources"], indent="\t") + ",")
    rows = [row_text(row, keys) for row in spec[name]]
    lines += [f'"{name}": [', ",\n".join(rows), "]", "}"]
    return "\n".join(lines) + "\n"


def outputs(spec, source):
    keys = {"requirements": ("id", "side", "level", "section", "src", "text"),
            "bugs": ("id", "area", "fault", "class", "script", "trigger", "seen", "right",
                     "source")}[spec["kind"]]
    name = spec["kind"]
    return {f"conformance/data/{name}.json": table(spec, source, name, keys)}
