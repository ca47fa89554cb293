# SPDX-License-Identifier: BSD-2-Clause
"""Prints fuzzing dictionaries: values that a random mutation would hardly find.

The format is that of libFuzzer and AFL++: name="\\x01\\x02", one a line.
"""
import uuid

from emit_const import MARK
from model import SCALARS


def entry(name, data):
    return f'{name}="' + "".join(f"\\x{b:02x}" for b in data) + '"'


def number(value, size, order="little"):
    return (value & (1 << 8 * size) - 1).to_bytes(size, order)


class Dictionary:
    """Entries by name; equal bytes stand once."""

    def __init__(self):
        self.lines, self.seen = [], set()

    def add(self, name, data):
        if data not in self.seen:
            self.seen.add(data)
            self.lines.append(entry(name, data))

    def section(self, title):
        self.lines.append(f"# {title}")


def set_entries(d, s, order):
    d.section(s.name)
    for v in s.values:
        name = f"{s.name}_{v.name}".replace(".", "_")
        if s.type == "guid":
            d.add(name, uuid.UUID(v.value).bytes_le)
        else:
            d.add(name, number(v.value, SCALARS[s.type][0], order))


def around(value, size):
    """A limit, and the values just outside and inside of it."""
    top = (1 << 8 * size) - 1
    return [x for x in (value - 1, value, value + 1) if 0 <= x <= top]


def limit_entries(d, m, order):
    for f in m.fields():
        if f.type not in SCALARS:
            continue
        for key in ("min", "max"):
            limit = getattr(f, key)
            if isinstance(limit, int):
                for value in around(limit, f.size):
                    d.add(f"{m.name}_{f.name}_{value}", number(value, f.size, order))


def message_entries(d, p):
    d.section("message ids, each with an empty header behind it")
    for m in p.messages:
        head = sum(f.size for f in p.header)
        data = bytearray(head)
        data[p.id_field.at:p.id_field.end] = number(m.id, p.id_field.size, p.order)
        d.add(m.name, bytes(data))
    d.section("sizes around the smallest and the largest of each message, as u32")
    for m in p.messages:
        for value in around(m.min_size, 4) + around(m.max_size, 4):
            d.add(f"size_{value}", number(value, 4))


def outputs(p):
    d = Dictionary()
    if p.messages:
        message_entries(d, p)
    for s in p.sets:
        set_entries(d, s, p.order)
    d.section("limits of fields")
    for m in p.records + p.messages:
        limit_entries(d, m, p.order)
    d.section("extremes")
    for size in (2, 4, 8):
        d.add(f"top_u{8 * size}", number(-1, size))
        d.add(f"sign_u{8 * size}", number(1 << 8 * size - 1, size))
    d.add("page", number(4096, 4))
    lines = ["# SPDX-License-Identifier: BSD-2-Clause", "# " + MARK.format(source=p.path)]
    return {f"fuzz/dict/{p.name}.dict": "\n".join(lines + d.lines) + "\n"}


def guid_outputs(spec, source):
    d = Dictionary()
    for part in ("interfaces", "instances", "others"):
        d.section(part)
        for row in spec[part]:
            d.add(f"{part}_{row['name']}", row.wire)
    lines = ["# SPDX-License-Identifier: BSD-2-Clause", "# " + MARK.format(source=source)]
    return {f"fuzz/dict/{spec['name']}.dict": "\n".join(lines + d.lines) + "\n"}
