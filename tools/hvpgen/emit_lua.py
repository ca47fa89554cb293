# SPDX-License-Identifier: BSD-2-Clause
"""Prints the Wireshark dissector: tables of the specs, then the code in templates/dissector.lua.

All specs go into one file, so that a user copies one file.
"""
import os

from emit_const import MARK
from model import Choice, Group

OUTPUT = "dissector/hvproto.lua"
DIRECTIONS = {"g2h": 1, "h2g": 2, "both": 3}
TEMPLATE = os.path.join(os.path.dirname(__file__), "templates", "dissector.lua")


def text(value):
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def word(value):
    return text(value) if isinstance(value, str) else f"0x{value:x}" if value > 255 else str(value)


def pairs(*items):
    """key = value, for the items that say something."""
    return ", ".join(f"{k} = {v}" for k, v in items if v not in (None, "", '""'))


def bound_of(value):
    return None if value is None else text(value) if isinstance(value, str) else str(value)


def field_row(f, group):
    view = f.view
    items = [("name", text(f.name)), ("at", f.at), ("type", text(view.kind if view else f.type)),
             ("size", None if view else f.size), ("group", group or None),
             ("values", text(f.values) if f.values else None), ("hex", "true" if f.hex else None),
             ("big", "true" if f.big else None),
             ("reserved", text(f.reserved) if f.reserved else None),
             ("min", bound_of(f.min)), ("max", bound_of(f.max)), ("multiple", f.multiple or None)]
    if view:
        items += [("item", text(view.item)), ("item_size", view.item_size),
                  ("count", text(view.count)), ("base", view.base),
                  ("offset", text(view.offset)), ("length", text(view.length))]
    items.append(("doc", text(f.doc)))
    return "{ " + pairs(*items) + " }"


def version_number(p, name):
    return f"0x{p.versions().find(name).value:08x}" if name else None


def feature_mask(p, names):
    mask = 0
    for name in names:
        mask |= p.flag(name)[1].value
    return f"0x{mask:x}" if mask else None


def condition(p, c):
    return "{ " + pairs(("since", version_number(p, c.since)), ("till", version_number(p, c.until)),
                        ("features", feature_mask(p, c.features)),
                        ("field", text(c.field)), ("mask", f"0x{c.mask:x}" if c.mask else None),
                        ("equals", c.equals), ("room", "true" if c.room else None)) + " }"


def group_row(p, g):
    when = ", ".join(condition(p, c) for c in g.when.all())
    return f"{{ name = {text(g.name)}, at = {g.at}, size = {g.size}, when = {{ {when} }} }}"


def layout_lines(p, m):
    items = [("name", text(m.name)), ("title", text(m.title)), ("min", m.min_size)]
    if m.id is not None:
        items += [("id", m.id), ("direction", DIRECTIONS[m.direction]),
                  ("since", version_number(p, m.since)), ("features", feature_mask(p, m.features))]
    if m.next:
        items += [("next", text(m.next)), ("align", m.align)]
    lines = ["\t\t{ " + pairs(*items) + ","]
    groups = m.groups()
    if groups:
        lines.append("\t\t  groups = {")
        lines += [f"\t\t\t{group_row(p, g)}," for g in groups]
        lines.append("\t\t  },")
    number = {id(g): n + 1 for n, g in enumerate(groups)}
    lines.append("\t\t  fields = {")
    for part in m.layout:
        for unit in part.groups if isinstance(part, Choice) else [part]:
            inner = unit.fields if isinstance(unit, Group) else [unit]
            lines += [f"\t\t\t{field_row(f, number.get(id(unit)))}," for f in inner]
    return lines + ["\t\t  } },"]


def set_lines(s):
    if s.type == "guid":
        return []
    lines = [f"\t\t{s.name} = {{ kind = {text(s.kind)}, closed = {'true' if s.closed else 'false'},"
             " values = {"]
    lines += [f"\t\t\t{{ 0x{v.value:x}, {text(v.name)} }}," for v in s.values]
    return lines + ["\t\t} },"]


def protocol_lines(p):
    lines = [f"PROTOCOLS.{p.name} = {{"]
    if p.id_field:
        lines.append(f"\tid_at = {p.id_field.at}, id_size = {p.id_field.size},")
    lines.append("\tsets = {")
    for s in p.sets:
        lines += set_lines(s)
    lines.append("\t},")
    for name, layouts in (("records", p.records), ("messages", p.messages)):
        lines.append(f"\t{name} = {{")
        for m in layouts:
            lines += layout_lines(p, m)
        lines.append("\t},")
    return lines + ["}", ""]


def group_of(spec, name):
    return next(g for g in spec["groups"] if g["name"] == name)


def number_table(key, rows, strip):
    lines = [f"\t{key} = {{"]
    lines += [f"\t\t[0x{r['value']:x}] = {text(r['name'][len(strip):])}," for r in rows]
    return lines + ["\t},"]


def trace_lines(spec):
    kinds = group_of(spec, "kinds")["constants"]
    lines = ["local TRACE = {", f"\tsize = {spec['layouts'][0]['size']},"]
    lines += [f"\t{r['name'][5:].lower()} = {r['value']}," for r in kinds]
    lines += number_table("kinds", kinds, "KIND_")
    lines += number_table("directions", group_of(spec, "directions")["constants"], "DIRECTION_")
    return lines + ["}", ""]


def hypervisor_lines(spec):
    lines = ["local HYPERVISOR = {"]
    for key, name, strip in (("status", "status", "STATUS_"), ("msrs", "msrs", "MSR_")):
        lines += number_table(key, group_of(spec, name)["constants"], strip)
    lines += sint_lines(spec)
    calls = [r for r in group_of(spec, "calls")["constants"] if r["name"].startswith("CALL_")]
    return lines + number_table("calls", calls, "CALL_") + ["}", ""]


def sint_lines(spec):
    """SINT1 to SINT14, between the two that the spec names."""
    msrs = {r["name"]: r["value"] for r in group_of(spec, "msrs")["constants"]}
    first, last = msrs["MSR_SINT0"], msrs["MSR_SINT15"]
    rows = [f"\t\t[0x{msr:x}] = \"SINT{msr - first}\"," for msr in range(first, last + 1)]
    return ["\tsints = {"] + rows + ["\t},"]


def interface_lines(spec):
    lines = ["local INTERFACES = {"]
    ports = [r for r in spec["interfaces"] if "port" in r.get("flags", [])]
    for part in ("interfaces", "instances", "others"):
        seen = {r["guid"] for r in spec["interfaces"]} if part != "interfaces" else set()
        lines += [f"\t[{text(r['guid'])}] = {{ name = {text(r['name'])} }},"
                  for r in spec[part] if r["guid"] not in seen and r not in ports]
    lines += ["}", "local PORT_INTERFACES = {"]
    lines += [f"\t{{ name = {text(r['name'])}, guid = {text(r['guid'])} }}," for r in ports]
    return lines + ["}", ""]


def version_lines(p):
    lines = ["local VERSIONS = {", "\t[0] = \"none\","]
    lines += [f"\t[0x{v.value:08x}] = {text(v.name)}," for v in p.versions().values]
    pipe = p.set("offer").find("named_pipe_mode").value
    return lines + ["}", f"local FLAG_NAMED_PIPE = 0x{pipe:x}", ""]


def ring_lines(p):
    """What the code needs to know of the ring: packet types and the names of its records."""
    types = p.set("packet_type")
    lines = ["local RING = {"]
    for name in ("descriptor", "transfer_pages", "transfer_range", "gpa_direct", "gpa_range"):
        lines.append(f"\t{name} = {text(p.record(name).name)},")
    for key, name in (("in_band_type", "data_in_band"),
                      ("transfer_pages_type", "data_using_transfer_pages"),
                      ("gpa_direct_type", "data_using_gpa_direct")):
        lines.append(f"\t{key} = {types.find(name).value},")
    lines.append("\ttypes = {")
    lines += [f"\t\t[{v.value}] = {text(v.name)}," for v in types.values]
    return lines + ["\t},", "}", ""]


def outputs(protocols, kinds):
    """@protocols: {name: Protocol}, @kinds: {name: spec}; {path: text}."""
    with open(TEMPLATE, encoding="utf-8") as stream:
        licence, code = stream.read().split("\n", 1)
    lines = [licence, "-- " + MARK.format(source="spec"), "--"]
    tables = ["", *trace_lines(kinds["trace"]), *hypervisor_lines(kinds["hypervisor"]),
              *interface_lines(kinds["interfaces"]), *version_lines(protocols["vmbus"]),
              *ring_lines(protocols["ring"]), "local PROTOCOLS = {}", ""]
    for name in sorted(protocols):
        tables += protocol_lines(protocols[name])
    return {OUTPUT: "\n".join(lines) + "\n" + code.replace("@TABLES@\n", "\n".join(tables))}
