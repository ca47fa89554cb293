# SPDX-License-Identifier: BSD-2-Clause
"""Prints the codecs of a protocol: straight-line C, one bounds check for a run of fields."""
import acsl
from acsl import FAULT_OK, contract
from cgen import (FAULT, NEG, at, bound_name, choice_groups, clear, closed, cond_terms, condition,
                  contiguous, feature_mask, feature_rows, fixed_parts, fixed_size, get, limits, literal, read,
                  tail_groups, spoken, uses_neg, version, views, visible, width, windows, wrapped,
                  write)
from emit_const import head
from emit_h import params, prototype
from model import SCALARS, Choice, Field, Group

CHUNK = 30      # fields that one function reads or writes


def bound_row(name, text):
    return ["static const struct hvp_bound %s = {" % name, "\t%s," % text, "};"]


class Codec:
    """The functions of one message."""

    def __init__(self, p, m):
        self.p, self.m, self.rows, self.out, self.takes = p, m, [], [], {}
        self.struct = "struct " + p.symbol(m)
        self.label = '"%s.%s"' % (p.name, m.name)
        self.gated = bool(m.since or m.features)
        self.fixed = fixed_size(m)

    def bound(self, name, offset, low, high):
        size = 8 if high > 0xffffffff else 4
        self.rows += bound_row(bound_name(self.m, name), '%s, "%s", %d, %s, %s' % (
            self.label, name, offset, literal(low, size), literal(high, size)))
        return "&" + bound_name(self.m, name)

    def static(self, result, name, args, spec, body):
        self.out += contract(spec) + wrapped("static %s %s_%s" % (result, self.m.name, name),
                                             args, "") + ["{"] + body + ["}", ""]

    def refuse(self, status, bound, found, indent="\t\t"):
        return wrapped(indent + "return hvp_fault_at", ["fault", status, bound, found], ";")

    # -- what both ways share -----------------------------------------------------------

    def gate(self):
        m, p, body = self.m, self.p, []
        if m.since:
            bound = self.bound("version", 0, p.versions().find(m.since).value, 0xffffffff)
            body += ["\tif (neg.version < %s)" % version(p, m.since)]
            body += self.refuse("HVP_UNSUPPORTED", bound, "neg.version")
        if m.features:
            mask = 0
            for name in m.features:
                mask |= p.flag(name)[1].value
            bound = self.bound("features", 0, mask, 0xffffffff)
            body += ["\tif ((neg.features & %s) == 0)" % feature_mask(p, m, m.features)]
            body += self.refuse("HVP_UNSUPPORTED", bound, "neg.features")
        if body:
            self.static("enum hvp_status", "gate", [NEG, FAULT], [
                "requires %s;" % FAULT_OK, "assigns *fault;",
                "ensures \\result == HVP_OK || \\result == HVP_UNSUPPORTED;"],
                body + ["\treturn HVP_OK;"])

    def check_field(self, f, maximum=None):
        """Statements that refuse a value outside the bounds of a field."""
        p, x = self.p, "in->" + f.name
        terms, out = [], []
        has = ["in->has_" + f.group.name] if f.group else []
        bound, top = limits(p, f), (1 << 8 * f.size) - 1
        if maximum is not None and maximum < top and (bound is None or bound[1] > maximum):
            bound = (bound[0] if bound else 0, maximum)
        if bound is None:
            return out
        name = self.bound(f.name, f.at, *bound)
        if closed(p, f) and not contiguous(p, f):
            for v in p.set(f.values).values:
                has = has + ["%s != %s" % (x, p.c_value(p.set(f.values), v))]
            return condition("\tif (", has, ")") + self.refuse("bad", name, x)
        if bound[0] > 0:
            terms.append("%s < %s" % (x, literal(bound[0], f.size)))
        if bound[1] < top:
            terms.append("%s > %s" % (x, literal(bound[1], f.size)))
        if terms:
            both = "(%s)" % " || ".join(terms) if has and len(terms) > 1 else " || ".join(terms)
            out += condition("\tif (", has + [both], ")") + self.refuse("bad", name, x)
        for key, call, op in (("min", "low", "<"), ("max", "high", ">")):
            other = getattr(f, key)
            if isinstance(other, str):
                out += condition("\tif (", has + ["%s %s in->%s" % (x, op, other)], ")")
                out += wrapped("\t\treturn hvp_refuse_" + call,
                               ["fault", "bad", name, x, "in->" + other], ";")
        if f.multiple:
            out += condition("\tif (", has + ["%s %% %d != 0" % (x, f.multiple)], ")")
            out += wrapped("\t\treturn hvp_refuse_multiple",
                           ["fault", "bad", name, x, str(f.multiple)], ";")
        return out

    def check(self):
        counts = {f.view.count: f.view.max for f in views(self.m, "counted")}
        body = []
        for f in visible(self.m.fields()):
            if not f.view:
                body += self.check_field(f, counts.get(f.name))
        self.checked = bool(body)
        if body:
            spec = ["requires \\valid_read(in) && %s && \\separated(fault, in);" % FAULT_OK,
                    "requires bad != HVP_OK;", "assigns *fault;",
                    "ensures \\result == HVP_OK || \\result == bad;"]
            spec += ["ensures \\result == HVP_OK ==> %s;" % ("(%s)" % t if "==>" in t else t)
                     for t in acsl.facts(self.p, self.m, "in")]
            self.static("enum hvp_status", "check", ["const %s *in" % self.struct,
                                                     "enum hvp_status bad", FAULT], spec,
                        body + ["\treturn HVP_OK;"])

    # -- decode -------------------------------------------------------------------------

    def read_fixed(self):
        body, self.read_neg = [], False
        for part in fixed_parts(self.m):
            for g in part.groups if isinstance(part, Choice) else []:
                self.read_neg |= uses_neg(g.when)
                body.append("\n".join(condition("\tout->has_%s = " % g.name, cond_terms(
                    self.p, self.m, g.when, "out"), ";")))
                for f in visible(g.fields):
                    body.append(self.read_choice(g, f))
            if isinstance(part, Field) and not part.reserved and part.const is None:
                body.append(read(part, part.at))
        if not visible(self.m.fields()):
            body = ["\tout->none = 0;"]
            self.reads = body
            return
        self.reads = self.chunks("read", body, [NEG] if self.read_neg else [], "out", [
            "requires \\valid_read(p + (0 .. %d)) && \\valid(out);" % (self.fixed - 1),
            "requires \\separated(out, p + (0 .. %d));" % (self.fixed - 1),
            acsl.assigned(self.m, [g for part in fixed_parts(self.m) for g in (
                part.groups if isinstance(part, Choice) else [part])])],
            ["const uint8_t *p", self.struct + " *out"], ["p", "out"])

    def read_choice(self, g, f):
        if f.type in SCALARS:
            return "\tout->%s = out->has_%s ? %s : 0; /* +%d */" % (f.name, g.name, get(f, f.at),
                                                                   f.at)
        return "\tif (out->has_%s)\n%s\n\telse\n%s" % (g.name, read(f, f.at, "\t\t"),
                                                       clear(f, "\t\t"))

    def chunks(self, what, body, neg, who, spec, args, actual):
        """Static functions of at most CHUNK fields each; returns the calls."""
        calls = []
        for i in range(0, len(body), CHUNK):
            name = what if i == 0 else "%s_%d" % (what, i // CHUNK + 1)
            self.static("void", name, args + neg, spec, body[i:i + CHUNK])
            calls += wrapped("\t%s_%s" % (self.m.name, name), actual + (["neg"] if neg else []),
                             ";")
        return calls

    def read_groups(self):
        for g in tail_groups(self.m):
            body = ["\tif (!p) {"] + [clear(f, "\t\t") for f in visible(g.fields)]
            body += ["\t\treturn;", "\t}"] + [read(f, f.at - g.at) for f in visible(g.fields)]
            self.static("void", "read_" + g.name, ["const uint8_t *p", self.struct + " *out"], [
                "requires p == \\null || \\valid_read(p + (0 .. %d));" % (g.size - 1),
                "requires \\valid(out) && \\separated(out, p + (0 .. %d));" % (g.size - 1),
                acsl.assigned(self.m, g.fields)], body)

    def take_groups(self):
        """Static functions that take an optional group each, so that a decoder has few paths."""
        for g in tail_groups(self.m):
            args, actual = ["struct hvp_rd *r"], ["r"]
            if not g.when.optional:
                args, actual = args + ["size_t start"], actual + ["start"]
            if uses_neg(g.when):
                args, actual = args + [NEG], actual + ["neg"]
            args, actual = args + [self.struct + " *out"], actual + ["out"]
            fails = not g.when.optional or any(f.reserved == "zero" for f in g.fields)
            if fails:
                args, actual = args + [FAULT], actual + ["fault"]
            self.static("enum hvp_status" if fails else "void", "take_" + g.name, args,
                        acsl.take_group(self.m, g, fails), self.take_group(g, fails))
            self.takes[g.name] = fails, actual

    def take_group(self, g, fails):
        m = self.m
        terms = cond_terms(self.p, m, g.when, "out")
        zeros = [f for f in g.fields if f.reserved == "zero"]
        if g.when.optional and terms:
            out = ["\tconst uint8_t *p;", "\tbool want;", ""]
            out += condition("\twant = ", terms, ";")
            out += ["\tp = want ? hvp_rd_take(r, %d) : NULL;" % g.size,
                    "\tout->has_%s = p != NULL;" % g.name]
        elif g.when.optional:
            out = ["\tconst uint8_t *p = hvp_rd_take(r, %d);" % g.size, "",
                   "\tout->has_%s = p != NULL;" % g.name]
        else:
            out = ["\tconst uint8_t *p;", ""]
            out += condition("\tout->has_%s = " % g.name, terms, ";")
            out += ["\tp = out->has_%s ? hvp_rd_take(r, %d) : NULL;" % (g.name, g.size),
                    "\tif (out->has_%s && !p)" % g.name] + self.short("%d" % g.size)
        for f in zeros:
            out += condition("\tif (", ["p", "%s != 0" % get(f, f.at - g.at)], ")")
            out += self.refuse("HVP_VALUE", self.bound(f.name, f.at, 0, 0), get(f, f.at - g.at))
        return out + ["\t%s_read_%s(p, out);" % (m.name, g.name)] + (
            ["\treturn HVP_OK;"] if fails else [])

    def decode_group(self, g):
        fails, actual = self.takes[g.name]
        call = "%s_take_%s" % (self.m.name, g.name)
        return wrapped("\tst = " + call, actual, ";") + ["\tif (st != HVP_OK)", "\t\treturn st;"] \
            if fails else wrapped("\t" + call, actual, ";")

    def short(self, more):
        return wrapped("\t\treturn hvp_fault_size", ["fault", "HVP_SHORT", self.label,
                                                     "r->len - start",
                                                     "r->off - start + " + more], ";")

    def decode_view(self, f):
        v, x = f.view, "&out->" + f.name
        if v.kind == "rest":
            return ["\thvp_cut_rest(r, %d, %d, %s);" % (v.item_size, v.max * v.item_size, x)]
        if v.kind == "counted":
            n = "(size_t)out->%s * %d" % (v.count, v.item_size)
            return ["\tif (!hvp_rd_sub(r, %s, %s))" % (n, x)] + self.short(n)
        base = "start + %d" % v.base if v.base else "start"
        offset = "out->" + v.offset
        call, args = ("hvp_cut_window", [offset, "out->" + v.length]) if v.length else (
            "hvp_cut_tail", [offset])
        return self.window_start(f, "out", "HVP_RANGE", v.length and "out->" + v.length) + wrapped(
            "\tif (!" + call, ["r", base] + args + [x], ")") + wrapped(
            "\t\treturn hvp_refuse_window", [
                "fault", "window_%s_%s" % (self.m.name, f.name), offset,
                args[1] if v.length else "0", "r->len - (%s)" % base if v.base else
                "r->len - start"], ";")

    def window_rows(self):
        for f in windows(self.m):
            rows = ["\t{ %s, \"%s\", %d, 0, 0xffffffffu }," % (self.label, n, self.m.find(n).at)
                    for n in (f.view.offset, f.view.length or f.view.offset)]
            self.rows += ["static const struct hvp_bound window_%s_%s[2] = {" % (
                self.m.name, f.name)] + rows + ["};"]

    def decode(self):
        m, p = self.m, self.p
        start = any(f.view.kind != "rest" for f in views(m)) or any(
            not g.when.optional for g in tail_groups(m))
        body = ["\tsize_t start = r->off;"] if start else []
        body += ["\tconst uint8_t *p;"]
        checks = self.checked and views(m)
        if self.gated or checks or any(fails for fails, _ in self.takes.values()):
            init = " = %s_gate(neg, fault);" % m.name if self.gated else ";"
            body += ["\tenum hvp_status st" + init]
        body += [""] + (["\tif (st != HVP_OK)", "\t\treturn st;"] if self.gated else [])
        if not self.gated and not self.uses_neg():
            body += ["\t(void)neg;"]
        body += ["\tp = hvp_rd_take(r, %d);" % self.fixed, "\tif (!p)"]
        body += wrapped("\t\treturn hvp_fault_size", [
            "fault", "HVP_SHORT", self.label, "hvp_rd_left(r)", str(self.fixed)], ";")
        for f in m.fields():
            if not f.group and (f.const is not None or f.reserved == "zero"):
                want = p.c(m.name) if f.name == self.id_name() else literal(f.const or 0)
                body += ["\tif (%s != %s)" % (get(f, f.at), want)]
                body += self.refuse("HVP_VALUE", self.bound(f.name, f.at, f.const or 0,
                                                            f.const or 0), get(f, f.at))
        body += self.reads
        for g in tail_groups(m):
            body += self.decode_group(g)
        if checks:
            body += ["\tst = %s_check(out, HVP_VALUE, fault);" % m.name, "\tif (st != HVP_OK)",
                     "\t\treturn st;"]
        for f in views(m):
            body += self.decode_view(f)
        done = self.checked and not views(m)
        body += ["\treturn %s_check(out, HVP_VALUE, fault);" % m.name if done
                 else "\treturn HVP_OK;"]
        self.out += prototype(p, m, "decode", "") + ["{"] + body + ["}", ""]

    def uses_neg(self):
        return self.read_neg or any(uses_neg(g.when) for g in self.m.groups())

    def id_name(self):
        return self.p.id_field.name if self.p.id_field and self.m.id is not None else None

    # -- encode -------------------------------------------------------------------------

    def presence(self):
        """A group must be there exactly when its condition holds."""
        out = []
        for g in self.m.groups():
            terms = cond_terms(self.p, self.m, g.when, "in")
            if not terms:
                continue
            bound = self.bound("has_" + g.name, g.at, 0, 1)
            has = "in->has_" + g.name
            out += condition("\twant = ", terms, ";")
            out += ["\tif (%s && !want)" % has if g.when.optional else "\tif (%s != want)" % has]
            out += wrapped("\t\treturn hvp_refuse_presence", ["fault", bound, has], ";")
        return out

    def sent_view(self, f):
        v, x = f.view, "hvp_view_size(&in->%s)" % f.name
        if v.kind == "counted":
            terms = ["%s != (size_t)in->%s * %d" % (x, v.count, v.item_size)]
        elif v.kind == "rest":
            terms = ["%s > %d" % (x, v.max * v.item_size)]
            if v.item_size > 1:
                terms.append("%s %% %d != 0" % (x, v.item_size))
        else:
            terms = ["%s > %d" % (x, v.max), "in->%s >= %d" % (v.offset,
                                                             acsl.WINDOW_LIMIT - v.base)]
            if v.length:
                terms.append("%s != in->%s" % (x, v.length))
        low = 0
        bound = self.bound(f.name, f.at, low, v.max * v.item_size)
        out = condition("\tif (", terms, ")", " || ") + self.refuse("HVP_ARG", bound, x)
        if v.kind in ("window", "chain"):
            out += self.window_start(f, "in", "HVP_ARG", x if v.length else None)
        return out

    def window_start(self, f, obj, status, size):
        """A window does not begin in the fixed part, unless it is known to be empty."""
        low = ["%d" % (self.fixed - f.view.base)] + [
            "(%s->has_%s ? %du : 0u)" % (obj, g.name, g.size) for g in tail_groups(self.m)]
        low = " + ".join(low) if len(low) == 1 else "u + ".join(low[:1] + [" + ".join(low[1:])])
        offset = "%s->%s" % (obj, f.view.offset)
        return condition("\tif (", (["%s > 0" % size] if size else []) + [
            "%s < %s" % (offset, low)], ")") + wrapped("\t\treturn hvp_refuse_low", [
                "fault", status, "&window_%s_%s[0]" % (self.m.name, f.name), offset, low], ";")

    def validate(self):
        m, body = self.m, []
        pres, sent = self.presence(), [s for f in views(m) for s in self.sent_view(f)]
        name = m.name
        if pres:
            body += ["\tbool want;"] + ([] if self.gated or self.checked else [""])
        if self.gated or self.checked:
            first = "%s_gate(neg, fault)" % name if self.gated else \
                "%s_check(in, HVP_ARG, fault)" % name
            body += ["\tenum hvp_status st = %s;" % first, ""]
        if not self.gated and not any(uses_neg(g.when) for g in m.groups()):
            body += ["\t(void)neg;"]
        if not self.checked and not pres and not sent:
            body += ["\t(void)in;"]
            if not self.gated:
                body += ["\t(void)fault;"]
        if self.gated and self.checked:
            body += ["\tif (st == HVP_OK)", "\t\tst = %s_check(in, HVP_ARG, fault);" % name]
        if pres or sent:
            if self.gated or self.checked:
                body += ["\tif (st != HVP_OK)", "\t\treturn st;"]
            body += pres + sent + ["\treturn HVP_OK;"]
        else:
            body += ["\treturn st;" if self.gated or self.checked else "\treturn HVP_OK;"]
        self.out += prototype(self.p, m, "validate", "") + ["{"] + body + ["}", ""]

    def size(self):
        m = self.m
        terms = ["%du" % self.fixed] + ["(in->has_%s ? %du : 0u)" % (g.name, g.size)
                                     for g in tail_groups(m)]
        terms += ["hvp_view_size(&in->%s)" % f.name for f in views(m, "rest", "counted")]
        body = [] if len(terms) > 1 or windows(m) else ["\t(void)in;"]
        if windows(m):
            body += ["\tsize_t size = %s;" % " + ".join(terms), ""]
            for f in windows(m):
                start = "in->%s" % f.view.offset + (" + %d" % f.view.base if f.view.base else "")
                body += ["\tsize = hvp_window_end(size, (size_t)%s, &in->%s);" % (start, f.name)]
            body += ["\treturn size;"]
        else:
            lines = ["\treturn " + terms[0]]
            for t in terms[1:]:
                if width(lines[-1] + " + " + t) <= 98:
                    lines[-1] += " + " + t
                else:
                    lines = lines[:-1] + [lines[-1] + " +", "\t       " + t]
            body += lines[:-1] + [lines[-1] + ";"]
        self.out += prototype(self.p, m, "size", "") + ["{"] + body + ["}", ""]

    def write_fixed(self):
        body = []
        for part in fixed_parts(self.m):
            for g in part.groups if isinstance(part, Choice) else []:
                lines = [write(f, f.at, None, "\t\t") for f in visible(g.fields)]
                brace = (" {", "\n\t}") if len(lines) > 1 else ("", "")
                if lines:
                    body.append("\tif (in->has_%s)%s\n%s%s" % (g.name, brace[0],
                                                              "\n".join(lines), brace[1]))
            if isinstance(part, Field) and part.const is not None:
                name = self.p.c(self.m.name) if part.name == self.id_name() else \
                    literal(part.const, part.size)
                body.append(write(part, part.at, name))
            elif isinstance(part, Field) and not part.reserved:
                body.append(write(part, part.at))
        if len(body) < 2 and not [f for f in visible(self.m.fields())
                                  if not f.group and f not in views(self.m)]:
            return body
        return self.chunks("write", body, [], "in", [
            "requires \\valid_read(in) && \\valid(p + (0 .. %d));" % (self.fixed - 1),
            "requires \\separated(in, p + (0 .. %d));" % (self.fixed - 1),
            "assigns p[0 .. %d];" % (self.fixed - 1)],
            ["const %s *in" % self.struct, "uint8_t *p"], ["in", "p"])

    def write_groups(self):
        for g in tail_groups(self.m):
            self.static("void", "write_" + g.name, ["const %s *in" % self.struct, "uint8_t *p"], [
                "requires \\valid_read(in) && \\valid(p + (0 .. %d));" % (g.size - 1),
                "requires \\separated(in, p + (0 .. %d));" % (g.size - 1),
                "assigns p[0 .. %d];" % (g.size - 1)],
                [write(f, f.at - g.at) for f in visible(g.fields)])

    def put_tail(self):
        """Statements that write what follows the fixed fields."""
        m, body, step = self.m, [], self.fixed
        tail = tail_groups(m) + views(m, "rest", "counted")
        for i, x in enumerate(tail):
            last = i == len(tail) - 1
            if isinstance(x, Group):
                body += ["\tp += %d;" % step] if step else []
                call = "%s_write_%s(in, p);" % (m.name, x.name)
                body += ["\tif (in->has_%s)%s" % (x.name, "" if last else " {"), "\t\t" + call]
                body += [] if last else ["\t\tp += %d;" % x.size, "\t}"]
            else:
                body += ["\thvp_put_view(%s, &in->%s);" % (at("p", step), x.name)]
                if not last:
                    body += ["\tp += %shvp_view_size(&in->%s);" % (
                        "%d + " % step if step else "", x.name)]
            step = 0
        return body

    def put(self):
        """Statements that write the whole; with optional groups in a function of their own, so
        that the encoder has few paths."""
        m, body = self.m, self.write_fixed()
        self.write_groups()
        for f in windows(m):
            start = "in->%s" % f.view.offset + (" + %d" % f.view.base if f.view.base else "")
            body += ["\tif (hvp_view_size(&in->%s) > 0)" % f.name,
                     "\t\thvp_put_view(p + %s, &in->%s);" % (start, f.name)]
        body += self.put_tail()
        if not tail_groups(m) or views(m):
            return body
        self.static("void", "put", ["const %s *in" % self.struct, "uint8_t *p"],
                    acsl.put(m), body)
        return ["\t%s_put(in, p);" % m.name]

    def encode(self):
        m, p = self.m, self.p
        put = self.put()
        body = wrapped("\tenum hvp_status st = " + p.symbol(m, "validate"), ["in", "neg", "fault"],
                       ";")
        body += ["\tsize_t size;", "\tuint8_t *p;", "", "\tif (st != HVP_OK)", "\t\treturn st;",
                 "\tsize = %s(in);" % p.symbol(m, "size"), "\tp = hvp_wr_take(w, size);",
                 "\tif (!p)"]
        body += wrapped("\t\treturn hvp_fault_size", ["fault", "HVP_NOSPACE", self.label,
                                                      "w->cap - w->off", "size"], ";")
        body += put + ["\treturn HVP_OK;"]
        self.out += prototype(p, m, "encode", "") + ["{"] + body + ["}", ""]

    def next(self):
        m, f = self.m, self.m.find(self.m.next)
        name = self.p.symbol(m, "decode")
        body = ["\tstruct hvp_rd look = *list;", "\tstruct hvp_rd item;", "\tconst uint8_t *p;",
                "\t%s size;" % SCALARS[f.type][1], "", "\tp = hvp_rd_take(&look, %d);" % f.end,
                "\tif (!p)"]
        body += wrapped("\t\treturn hvp_fault_size", ["fault", "HVP_SHORT", self.label,
                                                      "hvp_rd_left(list)", str(f.end)], ";")
        body += ["\tsize = hvp_get_%s(%s);" % (spoken(f), at("p", f.at)),
                 "\tif (size < %d)" % f.min]
        body += self.refuse("HVP_VALUE", "&" + bound_name(m, f), "size")
        body += ["\tif (!hvp_rd_sub(list, size, &item))"]
        body += wrapped("\t\treturn hvp_refuse_high", [
            "fault", "HVP_RANGE", "&" + bound_name(m, f), "size", "hvp_rd_left(list)"], ";")
        if m.align > 1:
            body += ["\thvp_skip_padding(list, size, %d);" % m.align]
        body += ["\treturn %s(&item, neg, out, fault);" % name]
        self.out += prototype(self.p, m, "next", "") + ["{"] + body + ["}", ""]

    def text(self):
        self.gate()
        self.check()
        self.window_rows()
        self.read_fixed()
        self.read_groups()
        self.take_groups()
        self.decode()
        self.validate()
        self.size()
        self.encode()
        if self.m.next:
            self.next()
        title = "/* -- %s %s */" % (self.m.title, "-" * max(4, 82 - len(self.m.title)))
        return [title, ""] + self.bounds() + self.out

    def bounds(self):
        rows = feature_rows(self.p, self.m) + self.rows
        return ["/* clang-format off */"] + rows + ["/* clang-format on */", ""] if rows else []


def outputs(p):
    """{path: text} of the C files with codecs."""
    files, parts = {}, {}
    for m in p.records + p.messages:
        if m.codec == "auto":
            parts.setdefault(m.part, []).append(m)
    include = p.outputs["header"].replace("include/", "").replace("{part}", "")
    for part, messages in parts.items():
        order = ["#include <hvproto/be.h>"] if p.order == "big" else []
        lines = head(p.path) + order + ["#include <%s>" % include, "",
                                '#include "../core/codec_internal.h"', ""]
        for m in messages:
            lines += Codec(p, m).text()
        path = p.outputs["codec"].replace("{part}", "_" + part if part else "")
        files[path] = "\n".join(lines).rstrip("\n") + "\n"
    return files
