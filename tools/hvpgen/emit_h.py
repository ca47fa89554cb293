# SPDX-License-Identifier: BSD-2-Clause
"""Prints the wire headers of a protocol: constants, structures, prototypes, contracts."""
from acsl import decode_contract, encode_contract, next_contract, size_contract, validate_contract
from cgen import (COLUMNS, FAULT, NEG, comment_block, declare, fixed_size, literal, tabs, tagged,
                  visible, width, windows, wrapped)
from emit_const import define, head, stop
from model import Choice, Group

WAYS = {"g2h": "guest to host", "h2g": "host to guest", "both": "both ways"}
DOCS = {
    "decode": ("read %s", [
        ("r", "at the start of the message; on HVP_OK behind it, with surplus bytes left"),
        ("neg", "what the peers agreed on"),
        ("out", "filled on HVP_OK, unspecified otherwise; views borrow the bytes of @r"),
        ("fault", "what was refused and why, or NULL")]),
    "validate": ("whether a structure may be sent", [
        ("in", "structure"), ("neg", "what the peers agreed on"),
        ("fault", "what was refused and why, or NULL")]),
    "size": ("bytes that the encoder writes", [("in", "structure")]),
    "encode": ("write %s", [
        ("w", "where to, reserved fields as 0; unchanged unless HVP_OK"), ("neg", "what the peers agreed on"),
        ("in", "structure; its views must not lie in the buffer of @w"),
        ("fault", "what was refused and why, or NULL")]),
    "next": ("take the next item off a chain", [
        ("list", "the chain; behind the item, and at its alignment, on HVP_OK"),
        ("neg", "what the peers agreed on"),
        ("out", "filled on HVP_OK; call again while @list has bytes left"),
        ("fault", "what was refused and why, or NULL")]),
}


def params(p, m, what):
    s = "struct " + p.symbol(m)
    return {"decode": ["struct hvp_rd *r", NEG, s + " *out", FAULT],
            "encode": ["struct hvp_wr *w", NEG, "const " + s + " *in", FAULT],
            "validate": ["const " + s + " *in", NEG, FAULT],
            "size": ["const " + s + " *in"],
            "next": ["struct hvp_rd *list", NEG, s + " *out", FAULT]}[what]


def returns(m, what):
    gated = ", HVP_UNSUPPORTED" if m.since or m.features else ""
    return {"decode": "HVP_OK, HVP_SHORT, HVP_VALUE%s%s." % (
                gated, ", HVP_RANGE" if windows(m) else ""),
            "validate": "HVP_OK, HVP_ARG%s." % gated,
            "encode": "HVP_OK, HVP_NOSPACE, HVP_ARG%s." % gated,
            "size": "%d..%d." % (fixed_size(m), m.max_size),
            "next": "what %s_decode() returns; HVP_RANGE: the item leaves the chain."}[what]


def prototype(p, m, what, suffix=";"):
    result = "size_t" if what == "size" else "enum hvp_status"
    return wrapped("%s %s" % (result, p.symbol(m, what)), params(p, m, what), suffix)


def function(p, m, what, contract):
    brief, rows = DOCS[what]
    brief = brief % m.title if "%s" in brief else brief
    if len(p.symbol(m, what)) + len(brief) > COLUMNS - 8:  # a first line is not wrapped
        brief = brief.replace(m.title, "the message")
    out = ["/**", " * %s() - %s" % (p.symbol(m, what), brief)]
    pad = max(len(r[0]) for r in rows)
    for name, text in rows:
        out += tagged(name, " " * (pad - len(name)) + text, pad + 3)
    text = returns(m, what)
    text = text % p.symbol(m) if "%s" in text else text
    out += [" *", " * Context: any. Return: " + text, " */"]
    return out + contract + prototype(p, m, what) + [""]


def field_text(f):
    text = "%s at %d" % (f.wire_type if f.type != "view" else f.view.kind, f.at)
    if f.since:
        text += ", since " + f.since
    return text + (": " + f.doc if f.doc else "")


def gate_text(p, m):
    text = "Since %s." % m.since if m.since else ""
    if m.features:
        text += " Needs %s." % " or ".join(n.partition(".")[2] for n in m.features)
    return text.strip()


def structure(p, m):
    kind = "%s (%d), %s" % (m.title, m.id, WAYS[m.direction]) if m.id is not None else m.title
    if len(p.symbol(m)) + len(kind) > COLUMNS - 13:
        kind = kind.replace(m.title, "message")
    out = ["/**", " * struct %s - %s" % (p.symbol(m), kind)]
    body = []
    for part in m.layout:
        for g in part.groups if isinstance(part, Choice) else [part]:
            if isinstance(g, Group):
                out += tagged("has_" + g.name, g.doc or "the next %d fields are there"
                              % len(visible(g.fields)), 8)
                body.append("bool has_%s;" % g.name)
            for f in visible(g.fields if isinstance(g, Group) else [g]):
                out += tagged(f.name, field_text(f), 8)
                body.append(declare(f))
    if not body:
        out += tagged("none", "0; the message is its header, and C has no empty structures", 8)
        body = ["uint8_t none;"]
    text = [m.doc, gate_text(p, m),
            "Source: %s%s. Evidence: %s." % (", ".join(m.src), "; chapter %s section %s" % (
                p.chapter, m.section) if m.section else "", m.evidence)]
    out += [" *"] + comment_block([" ".join(t for t in text if t)])[1:]
    return out + ["struct %s {" % p.symbol(m)] + ["\t" + b for b in body] + ["};", ""]


def offsets(p, m):
    rows = [(p.c(m.name, f.name, "OFFSET"), str(f.at) + "u", f.doc) for f in visible(m.fields())]
    rows.append((p.c(m.name, "SIZE"), str(m.max_size) + "u", "bytes in all"))
    return comment_block([m.title + ": offsets. " + m.doc, "Source: %s; chapter %s section %s. "
                          "Evidence: %s." % (", ".join(m.src), p.chapter, m.section,
                                             m.evidence)]) + defines(rows)


def defines(rows):
    tab = stop([r[0] for r in rows])
    out = ["/* clang-format off */"]
    for row in rows:
        out += define(*row, tab)
    return out + ["/* clang-format on */", ""]


def value_set(p, s):
    rows = []
    size = {"u64": 8}.get(s.type, 4)
    for v in s.values:
        text = guid_bytes(v.value) if s.type == "guid" else hex_literal(s, v.value, size)
        rows.append((p.c_value(s, v), text, v.doc))
    grades = sorted({(", ".join(v.src), v.evidence) for v in s.values})
    text = " ".join("Source: %s. Evidence: %s." % g for g in grades) if len(grades) == 1 else \
        "Evidence differs by row: the wire reference in docs/wire tells."
    return comment_block([s.doc or s.name, text]) + defines(rows)


def hex_literal(s, value, size):
    return "0x%xu" % value if s.kind in ("flags", "version") and size == 4 else literal(value, size)


def guid_bytes(text):
    a, b, c, d, e = text.split("-")
    raw = bytes.fromhex(a)[::-1] + bytes.fromhex(b)[::-1] + bytes.fromhex(c)[::-1] + \
        bytes.fromhex(d + e)
    return "{ { %s } }" % ", ".join("0x%02x" % x for x in raw)


def message(p, m):
    if m.codec == "none":
        return offsets(p, m)
    rows = [(p.c(m.name), "%du" % m.id, "")] if m.id is not None else []
    rows += [(p.c(m.name, "MIN_SIZE"), "%du" % m.min_size, "bytes"),
             (p.c(m.name, "MAX_SIZE"), "%du" % m.max_size, "bytes")]
    out = defines(rows) + structure(p, m)
    out += function(p, m, "decode", decode_contract(p, m))
    out += function(p, m, "validate", validate_contract(p, m))
    out += function(p, m, "size", size_contract(p, m))
    out += function(p, m, "encode", encode_contract(p, m))
    if m.next:
        out += function(p, m, "next", next_contract(p, m))
    return out


def header(p, path, body, includes, brief):
    guard = path.replace("include/", "").replace("/", "_").replace(".", "_").upper()
    guard = guard.replace("HVPROTO_", "HVPROTO_", 1)
    out = head(p.path) + comment_block([
        "%s - %s" % (path.replace("include/", ""), brief), p.doc,
        "Thread rule: pure functions of their arguments. Ownership: structures are the caller's; "
        "their views borrow the bytes that were decoded."])
    out += ["#ifndef " + guard, "#define " + guard, ""]
    out += ["#include <%s>" % i for i in includes] + [""]
    out += ["#ifdef __cplusplus", 'extern "C" {', "#endif", ""] + body
    out += ["#ifdef __cplusplus", "}", "#endif", "", "#endif /* %s */" % guard]
    return "\n".join(out) + "\n"


def outputs(p):
    """{path: text} of the wire headers: one per part, and the one that includes them."""
    pattern = p.outputs["header"]
    parts = []
    for m in p.records + p.messages:
        if m.part not in parts:
            parts.append(m.part)
    constants = [line for s in p.sets for line in value_set(p, s)]
    files = {}
    for part in [x for x in parts if x]:
        body = [line for m in p.records + p.messages if m.part == part for line in message(p, m)]
        path = pattern.replace("{part}", "_" + part)
        files[path] = header(p, path, body, ["hvproto/msg.h"], "%s: %s" % (p.title, part))
    path = pattern.replace("{part}", "")
    body = [line for m in p.records + p.messages if not m.part for line in message(p, m)]
    more = [pattern.replace("{part}", "_" + x).replace("include/", "") for x in parts if x]
    files[path] = header(p, path, constants + body, ["hvproto/msg.h"] + p.includes + more, p.title)
    return files
