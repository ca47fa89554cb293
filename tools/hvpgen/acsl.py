# SPDX-License-Identifier: BSD-2-Clause
"""Contracts of generated functions, in ACSL: what Frama-C proves about every codec.

A decoder assumes a sound cursor, room for the structure, and that they do not overlap; nothing
about the bytes. It promises that every field of an accepted message is within its bounds.
"""
import textwrap

from cgen import (closed, contiguous, fixed_size, limits, tail_groups, views,
                  visible, windows)
from model import Group

FAULT_OK = "(fault == \\null || \\valid(fault))"


def contract(lines):
    out = []
    for line in lines:
        out += textwrap.wrap(line, 92, subsequent_indent="\t", break_on_hyphens=False,
                             break_long_words=False)
    rows = ["/*@ " + out[0]] + ["  @ " + line for line in out[1:]]
    rows[-1] += " */"
    return [row.replace("  @ \t", "  @\t") for row in rows]


def field_facts(p, f, who):
    """Predicates that hold for a field of an accepted message."""
    x, out = "%s->%s" % (who, f.name), []
    if f.reserved or f.const is not None:
        return out
    if closed(p, f) and not contiguous(p, f):
        return ["(%s)" % " || ".join("%s == %d" % (x, v.value) for v in p.set(f.values).values)]
    bound = limits(p, f)
    if bound is None:
        return out
    low, high = bound
    top = (1 << 8 * f.size) - 1
    low = "%s->%s" % (who, f.min) if isinstance(f.min, str) else low
    high = "%s->%s" % (who, f.max) if isinstance(f.max, str) else high
    if low != 0 and high != top:
        out.append("%s <= %s <= %s" % (low, x, high))
    elif low != 0:
        out.append("%s <= %s" % (low, x))
    elif high != top:
        out.append("%s <= %s" % (x, high))
    if f.multiple:
        out.append("%s %% %d == 0" % (x, f.multiple))
    return out


def facts(p, m, who):
    out = []
    for f in visible(m.fields()):
        has = "%s->has_%s ==> " % (who, f.group.name) if f.group else ""
        out += [has + t for t in field_facts(p, f, who)]
    for f in views(m, "counted"):
        out.append("%s->%s <= %d" % (who, f.view.count, f.view.max))
    return out


def view_facts(m, who):
    out = []
    for f in views(m):
        out.append("hvp_rd_sees(%s->%s)" % (who, f.name))
        if f.view.kind == "rest":
            out.append("%s->%s.len <= %d" % (who, f.name, f.view.max * f.view.item_size))
        if f.view.kind == "counted":
            out.append("%s->%s.len == %s->%s * %d" % (who, f.name, who, f.view.count,
                                                      f.view.item_size))
    return out


def decode_contract(p, m):
    out = ["requires hvp_rd_ok(r) && \\valid(out) && %s;" % FAULT_OK,
           "requires \\separated(r, out, fault, r->p + (0 .. r->len - 1));",
           "assigns r->off, *out, *fault;", "ensures hvp_rd_ok(r);"]
    out += ["ensures \\result == HVP_OK ==> (%s);" % t if "==>" in t else
            "ensures \\result == HVP_OK ==> %s;" % t for t in facts(p, m, "out")
            + view_facts(m, "out")]
    return contract(out)


def next_contract(p, m):
    out = ["requires hvp_rd_ok(list) && \\valid(out) && %s;" % FAULT_OK,
           "requires \\separated(list, out, fault, list->p + (0 .. list->len - 1));",
           "assigns list->off, *out, *fault;", "ensures hvp_rd_ok(list);",
           "ensures \\result == HVP_OK ==> list->off > \\old(list->off);"]
    out += ["ensures \\result == HVP_OK ==> %s;" % t for t in view_facts(m, "out")]
    return contract(out)


def readable(m):
    """What a structure that is encoded must be: its views readable."""
    out = ["\\valid_read(in)"]
    for f in views(m):
        x = "in->" + f.name
        out.append("%s.off <= %s.len" % (x, x))
        out.append("(%s.len > 0 ==> \\valid_read(%s.p + (0 .. %s.len - 1)))" % (x, x, x))
    return out


def validate_contract(p, m):
    out = ["requires %s && %s;" % (" && ".join(readable(m)), FAULT_OK),
           "requires \\separated(fault, in);", "assigns *fault;"]
    out += ["ensures \\result == HVP_OK ==> %s;" % ("(%s)" % t if "==>" in t else t)
            for t in facts(p, m, "in") + sent_views(m)]
    return contract(out)


def sent_views(m):
    out = []
    for f in views(m):
        left = "in->%s.len - in->%s.off" % (f.name, f.name)
        if f.view.kind == "counted":
            out.append("%s == in->%s * %d" % (left, f.view.count, f.view.item_size))
        elif f.view.kind == "rest":
            out.append("%s <= %d" % (left, f.view.max * f.view.item_size))
        else:
            start = "in->%s + %d" % (f.view.offset, f.view.base)
            out.append("%s <= %d" % (left, f.view.max))
            out.append("%s < %d" % (start, WINDOW_LIMIT))
            out.append("%s > 0 ==> %s >= %d" % (left, start, fixed_size(m)))
    return out


WINDOW_LIMIT = 0x10000


def size_term(m):
    """The size of what is encoded, as a term over `in`; windows reach beyond it."""
    terms = [str(fixed_size(m))]
    terms += ["(in->has_%s ? %d : 0)" % (g.name, g.size) for g in tail_groups(m)]
    terms += ["(in->%s.len - in->%s.off)" % (f.name, f.name) for f in views(m, "rest", "counted")]
    return " + ".join(terms)


def small_views(m):
    return " && ".join("in->%s.len - in->%s.off <= 0x10000" % (f.name, f.name) for f in views(m))


def size_contract(p, m):
    out = ["requires %s;" % " && ".join(readable(m)), "assigns \\nothing;"]
    guard = small_views(m) + " ==> " if views(m) else ""
    op = ">=" if windows(m) else "=="
    out.append("ensures %s\\result %s %s;" % (guard, op, size_term(m)))
    for f in windows(m):
        start = "in->%s + %d" % (f.view.offset, f.view.base)
        out.append("ensures %s && %s < %d ==> in->%s.off < in->%s.len ==> \\result >= %s + "
                   "(in->%s.len - in->%s.off);" % (small_views(m), start, WINDOW_LIMIT, f.name,
                                                   f.name, start, f.name, f.name))
    return contract(out)


def encode_contract(p, m):
    apart = "".join(", in->%s.p + (0 .. in->%s.len - 1)" % (f.name, f.name) for f in views(m))
    out = ["requires hvp_wr_ok(w) && %s && %s;" % (" && ".join(readable(m)), FAULT_OK),
           "requires \\separated(w, in, fault, w->p + (0 .. w->cap - 1));"]
    out += ["requires \\separated(%s, w, fault, w->p + (0 .. w->cap - 1));" % a
            for a in apart.split(", ")[1:]]
    op = ">=" if windows(m) else "=="
    out += ["assigns w->off, w->p[w->off .. w->cap - 1], *fault;", "ensures hvp_wr_ok(w);",
            "ensures \\result == HVP_OK ==> w->off - \\old(w->off) %s %s;" % (op, size_term(m)),
            "ensures \\result != HVP_OK ==> w->off == \\old(w->off);"]
    return contract(out)


def assigned(m, parts):
    """What a reader of these fields and groups writes; the whole structure, if it has no view.

    With views the fields are named, so that the prover sees that no cursor is touched.
    """
    if not views(m):
        return "assigns *out;"
    out = []
    for part in parts:
        if isinstance(part, Group):
            out.append("out->has_" + part.name)
        for f in visible(part.fields if isinstance(part, Group) else [part]):
            out.append("out->%s%s" % (f.name, "[0 .. %d]" % (f.count - 1) if f.type in (
                "bytes", "utf16") else ""))
    return "assigns %s;" % ", ".join(out)


def take_group(m, g, fails):
    """Contract of the function that takes an optional group off the cursor."""
    fault = " && " + FAULT_OK if fails else ""
    apart = "r, out, %sr->p + (0 .. r->len - 1)" % ("fault, " if fails else "")
    return ["requires hvp_rd_ok(r) && \\valid(out)%s;" % fault,
            "requires \\separated(%s);" % apart,
            "assigns r->off, %s%s;" % (assigned(m, [g])[len("assigns "):-1],
                                       ", *fault" if fails else ""),
            "ensures hvp_rd_ok(r);"]


def put(m):
    """Contract of the function that writes fixed fields and optional groups."""
    room = "p + (0 .. %s - 1)" % size_term(m)
    return ["requires \\valid_read(in) && \\valid(%s);" % room,
            "requires \\separated(in, %s);" % room,
            "assigns p[0 .. %s - 1];" % size_term(m)]
