# SPDX-License-Identifier: BSD-2-Clause
"""Small pieces of C that the C emitters share: literals, wrapping, conditions, layout runs."""
import textwrap

from model import SCALARS, Choice, Field, Group

COLUMNS = 100
NEG = "struct hvp_neg neg"
FAULT = "struct hvp_fault *fault"


def width(text):
    return len(text.expandtabs(8))


def tabs(column):
    return "\t" * (column // 8) + " " * (column % 8)


def wrapped(prefix, args, suffix):
    """prefix(args)suffix in at most 100 columns: lines align with the bracket, or, where an
    argument does not fit there, stand one tab deeper than the statement."""
    args = [a + (")" + suffix if i == len(args) - 1 else ",") for i, a in enumerate(args)]
    column = width(prefix) + 1
    if width(prefix) + 1 + width(args[0]) > COLUMNS or any(
            column + width(a) > COLUMNS for a in args):
        indent = prefix[:len(prefix) - len(prefix.lstrip("\t"))] + "\t"
        return [prefix + "("] + fill(indent, indent, args)
    return fill(prefix + "(", tabs(column), args)


def fill(first, later, pieces):
    """Pieces with blanks between, as many on a line as fit."""
    lines, line = [], first + pieces[0]
    for piece in pieces[1:]:
        if width(line) + 1 + len(piece) <= COLUMNS:
            line += " " + piece
        else:
            lines.append(line)
            line = later + piece
    return lines + [line]


def condition(head, parts, tail, join=" && "):
    """`if (a && b)` and the like, broken after && where it does not fit."""
    text = head + join.join(parts) + tail
    if width(text) <= COLUMNS:
        return [text]
    pieces = [p + join.rstrip() for p in parts[:-1]] + [parts[-1] + tail]
    return fill(head, tabs(width(head)), pieces)


def literal(value, size=4):
    text = "0x%x" % value if value > 0xffff else str(value)
    return text + ("u" if size <= 4 else "ull")


def comment_block(paragraphs, opener="/*"):
    lines = [opener]
    for text in paragraphs:
        if len(lines) > 1:
            lines.append(" *")
        lines += textwrap.wrap(text, 88, initial_indent=" * ", subsequent_indent=" * ",
                               break_on_hyphens=False)
    return lines + [" */"]


def tagged(tag, text, indent):
    """A kernel-doc row with its text hanging."""
    return textwrap.wrap(text, 90, initial_indent=" * @%s: " % tag, break_on_hyphens=False,
                         subsequent_indent=" * " + " " * indent)


def at(p, offset):
    return "%s + %d" % (p, offset) if offset else p


def unsigned(f):
    """The field's type without sign."""
    return f.type.replace("i", "u")


def spoken(f):
    """The same with its byte order: what hvp_get_ and hvp_put_ speak."""
    return f.wire_type if f.big else unsigned(f)


def declare(f: Field):
    if f.type == "view":
        return "struct hvp_rd %s;" % f.name
    if f.type == "guid":
        return "struct hvp_guid %s;" % f.name
    if f.type in SCALARS:
        return "%s %s;" % (SCALARS[f.type][1], f.name)
    return "%s %s[%d];" % ({"bytes": "uint8_t", "utf16": "uint16_t"}[f.type], f.name, f.count)


def get(f: Field, base):
    """Expression that reads a scalar field at p + base."""
    text = "hvp_get_%s(%s)" % (spoken(f), at("p", base))
    return text if f.type[0] == "u" else "(%s)%s" % (SCALARS[f.type][1], text)


def read(f: Field, base, indent="\t"):
    margin = "\t/* +%d */" % f.at
    if f.type in SCALARS:
        return "%sout->%s = %s;%s" % (indent, f.name, get(f, base), " " + margin.strip())
    if f.type == "utf16":
        return "%shvp_get_utf16(out->%s, %s, %d); %s" % (indent, f.name, at("p", base), f.count,
                                                        margin.strip())
    member = f.name + (".b" if f.type == "guid" else "")
    return "%shvp_memcpy(out->%s, %s, %d); %s" % (indent, member, at("p", base), f.size,
                                                  margin.strip())


def clear(f: Field, indent="\t"):
    if f.type in SCALARS:
        return "%sout->%s = 0;" % (indent, f.name)
    if f.type == "utf16":
        return "%shvp_clear_utf16(out->%s, %d);" % (indent, f.name, f.count)
    return "%shvp_memzero(out->%s%s, %d);" % (indent, f.name, ".b" if f.type == "guid" else "",
                                              f.size)


def write(f: Field, base, source=None, indent="\t"):
    margin = " /* +%d */" % f.at
    p = at("p", base)
    if f.type in SCALARS:
        value = source or "in->" + f.name
        if f.type[0] == "i":
            value = "(%s)%s" % (SCALARS[unsigned(f)][1], value)
        return "%shvp_put_%s(%s, %s);%s" % (indent, spoken(f), p, value, margin)
    if f.type == "utf16":
        return "%shvp_put_utf16(%s, in->%s, %d);%s" % (indent, p, f.name, f.count, margin)
    member = f.name + (".b" if f.type == "guid" else "")
    return "%shvp_memcpy(%s, in->%s, %d);%s" % (indent, p, member, f.size, margin)


def visible(fields):
    return [f for f in fields if not f.reserved and f.const is None]


def fixed_parts(m):
    """The parts before the first optional group: one run, taken with one check."""
    out = []
    for part in m.layout:
        if isinstance(part, Group):
            break
        if isinstance(part, Choice) or not part.view:
            out.append(part)
    return out


def fixed_size(m):
    return sum(part.size for part in fixed_parts(m))


def tail_groups(m):
    return [part for part in m.layout if isinstance(part, Group)]


def choice_groups(m):
    return [g for part in m.layout if isinstance(part, Choice) for g in part.groups]


def views(m, *kinds):
    return [f for f in m.fields() if f.view and (not kinds or f.view.kind in kinds)]


def windows(m):
    return views(m, "window", "chain")


def implied(p, early, late):
    """Whether all that @early wants but room holds whenever @late does: versions count up."""
    def later(c, d):
        number = p.versions().find
        return d.field == c.field and d.since and number(d.since).value >= number(c.since).value

    for c in early.all():
        if c.until or c.features or c.mask or c.equals is not None:
            return False
        if c.since and not any(later(c, d) for d in late.all()):
            return False
    return True


def missed_before(p, m, when):
    """The group before one that wants room, when it can only be missing for want of room."""
    groups = m.groups()
    n = next((n for n, g in enumerate(groups) if g.when is when), 0)
    if n > 0 and when.optional and groups[n - 1].when.optional and \
            implied(p, groups[n - 1].when, when):
        return groups[n - 1]
    return None


def cond_terms(p, m, when, who):
    """C terms of a condition, without the part about room, over `out` or `in`."""
    before = missed_before(p, m, when)
    terms = ["%s->has_%s" % (who, before.name)] if before else []
    for c in when.all():
        subject = "neg.version"
        if c.field:
            subject = "%s->%s" % (who, c.field)
            owner = m.find(c.field).group
            if owner and "%s->has_%s" % (who, owner.name) not in terms:
                terms.append("%s->has_%s" % (who, owner.name))
        for name, op in ((c.since, ">="), (c.until, "<")):
            if name:
                terms.append("%s %s %s" % (subject, op, version(p, name)))
        if c.features:
            terms.append("(neg.features & %s) != 0" % feature_mask(p, m, c.features))
        if c.mask:
            terms.append("(%s & %s) != 0" % (subject, mask_name(p, m, c)))
        if c.equals is not None:
            terms.append("%s == %s" % (subject, literal(c.equals)))
    return terms


def uses_neg(when):
    return any(c.features or (not c.field and (c.since or c.until)) for c in when.all())


def version(p, name):
    return p.c(p.versions().c_name, name)


def feature_mask(p, m, names):
    """One flag by its name; several by a macro of the file, see feature_rows()."""
    flags = [p.flag(n) for n in names]
    if len(flags) == 1:
        return p.c_value(*flags[0])
    return "%s_FEATURES_%X" % (m.name.upper(), sum(v.value for _, v in flags))


def feature_rows(p, m):
    out = []
    for names in [m.features] + [c.features for g in m.groups() for c in g.when.all()]:
        if len(names) > 1:
            flags = [p.c_value(*p.flag(n)) for n in names]
            out += ["#define %s \\" % feature_mask(p, m, names)]
            out += ["\t%s%s%s" % ("(" if n == 0 else " ", f, " | \\" if n < len(flags) - 1 else ")")
                    for n, f in enumerate(flags)]
    return out


def mask_name(p, m, c):
    s = p.set(m.find(c.field).values)
    hit = next((v for v in s.values if v.value == c.mask), None) if s else None
    return p.c_value(s, hit) if hit else literal(c.mask)


def bound_name(m, f):
    return "bound_%s_%s" % (m.name, f if isinstance(f, str) else f.name)


def limits(p, f: Field):
    """(low, high) that a bound row shows; None when every value is legal."""
    top = (1 << 8 * f.size) - 1 if f.type in SCALARS else 0
    if f.const is not None:
        return f.const, f.const
    if f.reserved == "zero":
        return 0, 0
    low, high = f.min, f.max
    if closed(p, f):
        values = [v.value for v in p.set(f.values).values]
        low, high = min(values), max(values)
    if low is None and high is None and not f.multiple:
        return None
    return (low if isinstance(low, int) else 0, high if isinstance(high, int) else top)


def closed(p, f):
    s = p.set(f.values) if f.values else None
    return s is not None and s.kind == "enum" and s.closed


def contiguous(p, f):
    values = [v.value for v in p.set(f.values).values]
    return max(values) - min(values) + 1 == len(values)
