# SPDX-License-Identifier: BSD-2-Clause
"""Checks examples and finds their bytes: hex in the spec, or the first block of a vector."""
import os
import re

from constspec import allow, need, one_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINE = re.compile(r"^[0-9a-f]{4}: ((?:[0-9a-f]{2} *)+)$")


def first_block(path):
    """Bytes of the first block of a .hex file: up to the second caption."""
    data = bytearray()
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("#") and data:
                break
            match = LINE.match(line.rstrip())
            if match:
                data += bytes.fromhex(match.group(1))
    return bytes(data)


def bytes_of(row):
    if "hex" in row:
        try:
            return bytes.fromhex(row["hex"])
        except ValueError:
            row.fail("hex is not pairs of hex digits", "hex")
    path = os.path.join(ROOT, row["vector"])
    if not os.path.exists(path):
        row.fail(f"there is no file {row['vector']}", "vector")
    return first_block(path)


def check_examples(spec):
    need(spec, "name", "title", "doc", "examples")
    allow(spec, "kind", "name", "title", "doc", "examples")
    for row in spec["examples"]:
        need(row, "protocol", "message", "direction", "version", "title", "fields")
        allow(row, "protocol", "message", "direction", "version", "title", "fields", "hex",
              "vector")
        one_of(row, "direction", ("g2h", "h2g"))
        if ("hex" in row) == ("vector" in row):
            row.fail("one of 'hex' and 'vector' is needed")
        row.bytes = bytes_of(row)
        if not row.bytes:
            row.fail("the example is empty")
        row.header = f"{row['protocol']} {row['message']} {row['direction']} {row['version']}"
        row["title"] += f" (`{row['vector']}`)" if "vector" in row else ""
    return spec
