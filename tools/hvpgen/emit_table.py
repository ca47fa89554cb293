# SPDX-License-Identifier: BSD-2-Clause
"""Prints the message table of a protocol (hvproto/msg.h) and its header.

A protocol that has records only gets a table of them: id 0, found by name. One that has both gets a
second table when its `outputs` name a file for `records`.
"""
from dataclasses import replace

from cgen import comment_block, limits, literal, version
from emit_const import head
from model import Choice, Group

DIRS = {"g2h": "HVP_DIR_G2H", "h2g": "HVP_DIR_H2G", "both": "HVP_DIR_BOTH"}

# The table's functions take any structure; a codec takes its own.
THUNKS = [
    "#define THUNKS(m) \\",
    "\tstatic enum hvp_status decode_##m(struct hvp_rd *r, struct hvp_neg neg, void *out, \\",
    "\t\t\t\t\t  struct hvp_fault *fault) \\",
    "\t{ \\", "\t\treturn hvp_%s_##m##_decode(r, neg, out, fault); \\", "\t} \\",
    "\tstatic enum hvp_status encode_##m(struct hvp_wr *w, struct hvp_neg neg, const void *in, \\",
    "\t\t\t\t\t  struct hvp_fault *fault) \\",
    "\t{ \\", "\t\treturn hvp_%s_##m##_encode(w, neg, in, fault); \\", "\t}", ""]


class Table:
    def __init__(self, p, symbol="proto"):
        self.p, self.out, self.symbol = p, [], symbol

    def shown(self):
        """Messages, and before them the records that are items of their views."""
        p = self.p
        everything = p.records + p.messages
        if not p.messages:
            return [m for m in p.records if m.codec != "none"]
        users = p.messages if "records" in p.outputs else everything
        return [m for m in everything if m.id is not None or any(
            f.view and f.view.item == m.name for o in users for f in o.fields())]

    def value_sets(self):
        used = {f.values for m in self.shown() for f in m.fields() if f.values}
        for s in self.p.sets:
            if s.name in used:
                self.out += ["static const struct hvp_enum_value %s_values[] = {" % s.name]
                self.out += ['\t{ %s, "%s" },' % (self.p.c_value(s, v), v.name) for v in s.values]
                self.out += ["\t{ 0, NULL },", "};", ""]

    def bound(self, m, f):
        b = limits(self.p, f)
        if b is None:
            return "NULL"
        size = 8 if b[1] > 0xffffffff else 4
        name = "bound_%s_%s" % (m.name, f.name)
        text = '"%s.%s", "%s", %d, %s, %s' % (self.p.name, m.name, f.name, f.at,
                                              literal(b[0], size), literal(b[1], size))
        self.out += ["static const struct hvp_bound %s = { %s };" % (name, text)]
        return "&" + name

    def field(self, m, f, bound):
        s = self.p.set(f.values) if f.values else None
        bits = s is not None and s.kind == "flags"
        hidden = f.reserved or f.const is not None
        flags = ["HVP_FIELD_RESERVED"] if hidden else []
        flags += ["HVP_FIELD_OPTIONAL"] if f.group else []
        flags += ["HVP_FIELD_HEX"] if f.hex or bits else []
        flags += ["HVP_FIELD_BITS"] if bits else []
        flags += ["HVP_FIELD_BIG"] if f.big else []
        kind = {"view": "VIEW", "guid": "GUID", "bytes": "BYTES", "utf16": "UTF16"}.get(
            f.type, f.type.upper())
        item = "NULL"
        if f.view and self.p.record(f.view.item):
            item = "%s_fields" % f.view.item
        struct = "0" if hidden else "offsetof(struct %s, %s)" % (self.p.symbol(m), f.name)
        return ['"%s"' % f.name, "HVP_FIELD_" + kind, " | ".join(flags) or "0", str(f.at),
                str(f.view.item_size if f.view else f.size), struct, bound,
                "%s_values" % f.values if f.values else "NULL", item]

    def fields(self, m):
        rows = []
        for part in m.layout:
            for g in part.groups if isinstance(part, Choice) else [part]:
                if isinstance(g, Group):
                    flag = "HVP_FIELD_PRESENT"
                    rows.append(['"has_%s"' % g.name, flag, "0", str(g.at), "0",
                                 "offsetof(struct %s, has_%s)" % (self.p.symbol(m), g.name),
                                 "NULL", "NULL", "NULL"])
                for f in g.fields if isinstance(g, Group) else [g]:
                    rows.append(self.field(m, f, self.bound(m, f)))
        self.out += ["static const struct hvp_field_desc %s_fields[] = {" % m.name]
        for row in rows:
            self.out += ["\t{ %s," % ", ".join(row[:5]), "\t  %s }," % ", ".join(row[5:])]
        self.out += ["\t{ NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL },", "};", ""]

    def message(self, m):
        p, since, features = self.p, "0", "0"
        if m.since:
            since = version(p, m.since)
        if m.features:
            features = " | ".join(p.c_value(*p.flag(n)) for n in m.features)
        id_name = p.c(m.name) if m.id is not None else "0"
        return ['\t{ "%s", "%s", %s, %s,' % (m.name, m.title, id_name,
                                            DIRS.get(m.direction, "HVP_DIR_BOTH")),
                "\t  %s, %s," % (since, features),
                "\t  %s, %s, sizeof(struct %s)," % (p.c(m.name, "MIN_SIZE"),
                                                   p.c(m.name, "MAX_SIZE"), p.symbol(m)),
                "\t  %s_fields, decode_%s, encode_%s }," % (m.name, m.name, m.name)]

    def text(self):
        p = self.p
        self.out += ["/* clang-format off */", ""]
        self.value_sets()
        for m in self.shown():
            self.fields(m)
        self.out += [line % p.name if "%s" in line else line for line in THUNKS]
        rows = p.messages or self.shown()
        self.out += ["THUNKS(%s)" % m.name for m in rows] + [""]
        self.out += ["static const struct hvp_msg_desc messages[] = {"]
        for m in rows:
            self.out += self.message(m)
        at, size = (p.id_field.at, p.id_field.size) if p.messages else (0, 0)
        self.out += ["};", "", "const struct hvp_proto_desc hvp_%s_%s = {" % (p.name, self.symbol),
                     '\t.name = "%s",' % p.name, "\t.msgs = messages,",
                     "\t.msg_count = sizeof(messages) / sizeof(messages[0]),",
                     "\t.id_offset = %d," % at, "\t.id_size = %d," % size, "};",
                     "", "/* clang-format on */"]
        return self.out


def outputs(p):
    """{path: text} of the table and its header; nothing for a protocol without messages."""
    if "table" not in p.outputs:
        return {}
    header = p.outputs["table_header"].replace("include/", "")
    wire = p.outputs["header"].replace("include/", "").replace("{part}", "")
    lines = head(p.path) + ["#include <%s>" % header, "", "#include <%s>" % wire, ""]
    lines += Table(p).text()
    guard = header.replace("/", "_").replace(".", "_").upper()
    top = head(p.path) + comment_block([
        "%s - %s: the table of messages" % (header, p.title),
        "For dispatchers, log lines, decoders for people and fuzzers. A driver that calls codecs "
        "by name does not link it.", "Thread rule: constants."])
    top += ["#ifndef " + guard, "#define " + guard, "", "#include <hvproto/msg.h>", "",
            "#ifdef __cplusplus", 'extern "C" {', "#endif", "",
            "/* %s of %s, by %s. */" % (("Every message", p.title, "id") if p.messages else
                                        ("Records without an id", p.title, "name only")),
            "extern const struct hvp_proto_desc hvp_%s_proto;" % p.name, ""]
    files = {p.outputs["table"]: "\n".join(lines) + "\n"}
    if "records" in p.outputs:
        top += ["/* Its records, by name only. */",
                "extern const struct hvp_proto_desc hvp_%s_records;" % p.name, ""]
        lines = lines[:len(head(p.path)) + 4] + Table(replace(p, messages=[]), "records").text()
        files[p.outputs["records"]] = "\n".join(lines) + "\n"
    top += ["#ifdef __cplusplus", "}", "#endif", "", "#endif /* %s */" % guard]
    return {**files, p.outputs["table_header"]: "\n".join(top) + "\n"}
