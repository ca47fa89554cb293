# SPDX-License-Identifier: BSD-2-Clause
"""Prints the wire reference: docs/wire/<protocol>.md, one layout table per message."""
import textwrap

from constspec import Hex
from emit_const import MARK
from model import Choice, Group

DIRECTION = {"g2h": "guest to host", "h2g": "host to guest", "both": "both ways"}


def cell(value):
    return str(value).replace("|", "\\|").replace("\n", " ")


def row(*cells):
    return "| " + " | ".join(cell(c) for c in cells) + " |"


def table(titles, rows):
    return [row(*titles), "|" + "---|" * len(titles)] + [row(*r) for r in rows]


def head(title, source):
    return ["<!-- SPDX-License-Identifier: BSD-2-Clause -->",
            f"<!-- {MARK.format(source=source)} -->", "", f"# {title}", ""]


def paragraph(text):
    return textwrap.wrap(text, 98, break_on_hyphens=False, break_long_words=False) + [""]


def provenance(src, evidence, chapter="", section=""):
    """One line: where a fact is from and how sure it is."""
    place = f"; facts: chapter {chapter} section {section}" if section else ""
    return f"Source: {', '.join(src)}. Evidence: {evidence}{place}."


def number(value, as_hex):
    return f"0x{value:x}" if as_hex else str(value)


def bound(f):
    """What a field may hold, in words."""
    parts = []
    if f.min is not None or f.max is not None:
        low = 0 if f.min is None else f.min
        parts.append(f"{low}..{f.max}" if f.max is not None else f"at least {low}")
    if f.multiple:
        parts.append(f"a multiple of {f.multiple}")
    if f.const is not None:
        parts.append(str(f.const))
    return ", ".join(parts)


def type_of(f):
    if not f.view:
        units = {"bytes": f"u8[{f.count}]", "utf16": f"utf16[{f.count}]"}
        return units.get(f.type, f.wire_type)
    item = f.view.item or "u8"
    what = {"rest": f"{item}[], to the end", "counted": f"{item}[{f.view.count}]",
            "window": f"{item}[] at {f.view.base} + {f.view.offset}, {f.view.length} bytes",
            "chain": f"list of {item} at {f.view.base} + {f.view.offset}, {f.view.length} bytes"}
    return what[f.view.kind]


def meaning(p, f, m):
    parts = []
    if f.reserved:
        parts.append({"ignore": "reserved: 0, not interpreted",
                      "zero": "reserved: 0, anything else is refused"}[f.reserved])
    if f.doc:
        parts.append(f.doc)
    if bound(f):
        parts.append(bound(f))
    if f.values and p.set(f.values):
        parts.append(f"[{f.values}](#{anchor(f.values)})")
    if f.since:
        parts.append(f"from {f.since} on")
    if f.evidence != m.evidence or f.src != m.src:
        parts.append(f"{f.evidence}: {', '.join(f.src)}")
    return "; ".join(parts)


def anchor(name):
    """Of the heading of a set; headings of messages keep their underscores."""
    return "values-" + name.replace("_", "-")


def one_condition(p, c):
    what = []
    subject = f"`{c.field}`" if c.field else "version"
    if c.since:
        what.append(f"{subject} is {c.since} or later")
    if c.until:
        what.append(f"{subject} is below {c.until}")
    if c.features:
        what.append(" or ".join(x.partition(".")[2] for x in c.features) + " was granted")
    if c.mask:
        what.append(f"{subject} has 0x{c.mask:x}")
    if c.equals is not None:
        what.append(f"{subject} is {c.equals}")
    if c.room:
        what.append("the message is long enough")
    return " and ".join(what)


def condition(p, g):
    return " and ".join(one_condition(p, c) for c in g.when.all())


def field_rows(p, m, f):
    return [f"{f.at}", f"{f.size}" if not f.view else "", type_of(f), f"`{f.name}`",
            meaning(p, f, m)]


def layout_table(p, m):
    rows = []
    for part in m.layout:
        for unit in part.groups if isinstance(part, Choice) else [part]:
            if isinstance(unit, Group):
                note = f"*{unit.name}: present when {condition(p, unit)}.*"
                rows.append(["", "", "", note, unit.doc])
                rows += [field_rows(p, m, f) for f in unit.fields]
            else:
                rows.append(field_rows(p, m, unit))
    return table(("Offset", "Size", "Type", "Field", "Meaning"), rows)


def sizes(m):
    return f"{m.min_size} bytes" if m.min_size == m.max_size \
        else f"{m.min_size} to {m.max_size} bytes"


def gates(m):
    parts = [DIRECTION[m.direction] if m.direction else "", sizes(m)]
    if m.id is not None:
        parts.append(f"from {m.since} on" if m.since else "before negotiation as well")
    if m.features:
        parts.append("with " + " or ".join(x.partition(".")[2] for x in m.features))
    text = ", ".join(x for x in parts if x)
    return text[0].upper() + text[1:] + "."


def example_lines(e):
    lines = [e["title"] + ":", "", "```hex", f"# {e.header}"]
    lines += [f"{at:04x}: " + " ".join(f"{b:02x}" for b in e.bytes[at:at + 16])
              for at in range(0, len(e.bytes), 16)]
    lines += ["```", "", "```fields"]
    lines += [f"{name}: {hex(value) if isinstance(value, Hex) else value}"
              for name, value in e["fields"].items()]
    return lines + ["```", ""]


def layout_section(p, m, examples):
    title = f"{m.title} ({m.id})" if m.id is not None else f"`{m.name}`"
    lines = [f"### {title}", ""] + paragraph(m.doc) + paragraph(gates(m))
    lines += paragraph(provenance(m.src, m.evidence, p.chapter, m.section))
    if m.fields():
        lines += layout_table(p, m) + [""]
    for e in examples:
        if (e["protocol"], e["message"]) == (p.name, m.name):
            lines += example_lines(e)
    return lines


def set_section(s):
    kinds = {"flags": "flags", "enum": "closed enumeration" if s.closed else "enumeration",
             "version": "versions", "const": "constants"}
    lines = [f"### {anchor(s.name)}", ""] + paragraph(f"{s.doc} {s.type} {kinds[s.kind]}.".strip())
    rows = []
    for v in s.values:
        value = v.value if isinstance(v.value, str) else number(v.value, s.kind != "enum"
                                                                or v.value > 0xffff)
        rows.append([value, f"`{v.name}`", v.doc, f"{v.evidence}: {', '.join(v.src)}"])
    return lines + table(("Value", "Name", "Meaning", "Evidence"), rows) + [""]


def index(p):
    rows = [[m.id, f"[{m.title}](#{m.title.lower()}-{m.id})", DIRECTION[m.direction], sizes(m),
             m.since or "always"] for m in p.messages]
    return ["## Messages", ""] + table(("Id", "Message", "Direction", "Size", "Since"),
                                       rows) + [""]


def sources(rows):
    return ["## Sources", ""] + table(("Key", "Where"), rows)


def protocol_page(p, examples):
    lines = head(p.title, p.path) + paragraph(p.doc)
    if p.messages:
        lines += index(p)
        for m in p.messages:
            lines += layout_section(p, m, examples)
    if p.records:
        lines += ["## Records", ""]
        for m in p.records:
            lines += layout_section(p, m, examples)
    lines += ["## Values", ""]
    for s in p.sets:
        lines += set_section(s)
    lines += sources([(s.key, s.text) for s in p.sources])
    return "\n".join(lines) + "\n"


def outputs(p, examples=()):
    return {f"docs/wire/{p.name}.md": protocol_page(p, examples)}
