# SPDX-License-Identifier: BSD-2-Clause
"""Refuses specs that contradict themselves, and works out sizes. Each fault names its line."""
import re

from model import (EVIDENCE, SCALARS, Choice, Field, Group, Message, Protocol, SpecError)

GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
RESERVED_NAMES = {"r", "w", "neg", "in", "out", "fault", "int", "short", "long", "char", "signed",
                  "default", "case", "switch", "register", "volatile", "struct", "union", "enum",
                  "class", "new", "delete", "this", "private", "public", "template", "operator"}
UNSIGNED = ("u8", "u16", "u32", "u64")


def top_of(kind):
    return (1 << 8 * SCALARS[kind][0]) - 1


class Checker:
    def __init__(self, p: Protocol):
        self.p = p
        self.keys = {s.key for s in p.sources}

    def fail(self, line, message):
        raise SpecError(self.p.path, line, message)

    def provenance(self, x):
        if x.evidence not in EVIDENCE:
            self.fail(x.line, "evidence of '%s' is none of %s" % (x.name, ", ".join(EVIDENCE)))
        if not x.src:
            self.fail(x.line, "'%s' names no source" % x.name)
        for key in x.src:
            if key not in self.keys:
                self.fail(x.line, "'%s' is not in the table of sources" % key)

    def sets(self):
        seen = set()
        for s in self.p.sets:
            if s.name in seen:
                self.fail(s.line, "set '%s' stands twice" % s.name)
            seen.add(s.name)
            names, values = set(), set()
            for v in s.values:
                self.provenance(v)
                if v.name in names:
                    self.fail(v.line, "value '%s' stands twice in '%s'" % (v.name, s.name))
                names.add(v.name)
                if s.kind in ("enum", "flags", "version") and v.value in values:
                    self.fail(v.line, "two names for the value of '%s'" % v.name)
                values.add(v.value)
                self.value(s, v)

    def value(self, s, v):
        if s.type == "guid":
            if not isinstance(v.value, str) or not GUID.match(v.value):
                self.fail(v.line, "value of '%s' is not a GUID in lower case" % v.name)
        elif not isinstance(v.value, int) or not 0 <= v.value <= top_of(s.type):
            self.fail(v.line, "value of '%s' does not fit %s" % (v.name, s.type))
        elif s.kind == "flags" and v.value == 0:
            self.fail(v.line, "flag '%s' has no bit" % v.name)

    def version(self, name, line):
        if name and (self.p.versions() is None or self.p.versions().find(name) is None):
            self.fail(line, "version '%s' is not in the spec" % name)

    def features(self, names, line):
        for name in names:
            try:
                self.p.flag(name)
            except KeyError:
                self.fail(line, "feature '%s' is not in the spec" % name)

    def number(self, f: Field, seen, key):
        """A bound is a number that fits, or an earlier unsigned field."""
        bound = getattr(f, key)
        if bound is None:
            return
        if f.type not in UNSIGNED:
            self.fail(f.line, "'%s' of '%s': only unsigned fields have bounds" % (key, f.name))
        if isinstance(bound, str):
            other = seen.get(bound)
            if other is None or other.type not in UNSIGNED or other.reserved:
                self.fail(f.line, "'%s' of '%s' is no earlier unsigned field" % (bound, f.name))
        elif not 0 <= bound <= top_of(f.type):
            self.fail(f.line, "'%s' of '%s' does not fit %s" % (key, f.name, f.type))

    def field(self, f: Field, seen):
        if f.name in RESERVED_NAMES:
            self.fail(f.line, "'%s' cannot be the name of a field" % f.name)
        if f.name in seen:
            self.fail(f.line, "field '%s' stands twice" % f.name)
        if f.at < 0 or f.end > 0xffff:
            self.fail(f.line, "field '%s' lies outside 64 KiB" % f.name)
        if self.p.order == "big" and (f.type in ("guid", "utf16") or f.type[0] == "i"):
            self.fail(f.line, "'%s': big-endian specs have unsigned numbers and bytes only"
                      % f.name)
        if f.type in ("bytes", "utf16") and f.count == 0:
            self.fail(f.line, "field '%s' is empty" % f.name)
        self.number(f, seen, "min")
        self.number(f, seen, "max")
        if isinstance(f.min, int) and isinstance(f.max, int) and f.min > f.max:
            self.fail(f.line, "min of '%s' is above its max" % f.name)
        if f.multiple and (f.type not in UNSIGNED or f.multiple < 2):
            self.fail(f.line, "multiple of '%s' needs an unsigned field and 2 or more" % f.name)
        if f.reserved and (f.min is not None or f.max is not None or f.multiple or f.values):
            self.fail(f.line, "reserved field '%s' has a bound or values" % f.name)
        if f.reserved == "zero" and f.type not in UNSIGNED:
            self.fail(f.line, "'%s': only unsigned fields are checked to be zero" % f.name)
        if f.values:
            s = self.p.set(f.values)
            if s is None:
                self.fail(f.line, "set '%s' is not in the spec" % f.values)
            if f.type not in SCALARS:
                self.fail(f.line, "field '%s' cannot take values of a set" % f.name)
            if any(v.value > top_of(f.type) for v in s.values):
                self.fail(f.line, "values of '%s' do not fit field '%s'" % (s.name, f.name))
        if f.view:
            self.view(f, seen)
        seen[f.name] = f

    def view(self, f: Field, seen):
        v = f.view
        for key in ("count", "offset", "length"):
            name = getattr(v, key)
            if name and (name not in seen or seen[name].type not in UNSIGNED[:3]):
                self.fail(f.line, "'%s' of '%s' is no earlier field of at most 32 bits"
                          % (name, f.name))
        if v.item in SCALARS:
            v.item_size = SCALARS[v.item][0]
        elif v.item:
            item = self.p.record(v.item)
            if item is None or item.codec == "none":
                self.fail(f.line, "record '%s' is not in the spec" % v.item)
            v.item_size = item.min_size
            if v.kind == "counted" and item.min_size != item.max_size:
                self.fail(f.line, "counted items '%s' differ in size" % v.item)
        if v.kind == "chain" and not (v.item and self.p.record(v.item)
                                      and self.p.record(v.item).next):
            self.fail(f.line, "items of chain '%s' need a record with 'next'" % f.name)
        if v.max <= 0:
            self.fail(f.line, "view '%s' needs a 'max'" % f.name)

    def cond(self, g: Group, seen):
        for c in g.when.all():
            self.version(c.since, c.line)
            self.version(c.until, c.line)
            self.features(c.features, c.line)
            if isinstance(c.mask, str):
                self.features([c.mask], c.line)
                c.mask = self.p.flag(c.mask)[1].value
            if (c.mask or c.equals is not None) and not c.field:
                self.fail(c.line, "mask and equals need a 'field'")
            if c.field and (c.field not in seen or seen[c.field].type not in UNSIGNED):
                self.fail(c.line, "'%s' is no earlier unsigned field" % c.field)
            if not (c.since or c.until or c.features or c.mask or c.room
                    or c.equals is not None):
                self.fail(c.line, "condition of group '%s' says nothing" % g.name)
            if c.field and not (c.since or c.until or c.mask or c.equals is not None):
                self.fail(c.line, "condition on '%s' says nothing" % c.field)

    def place(self, f: Field, at):
        if f.at != at:
            self.fail(f.line, "field '%s' is at %d, but the fields before it end at %d"
                      % (f.name, f.at, at))

    def message(self, m: Message):
        """Checks a layout in wire order and works out its least and greatest size."""
        self.provenance(m)
        self.version(m.since, m.line)
        self.features(m.features, m.line)
        self.seen, self.at, self.ended = {}, 0, ""
        m.min_size = m.max_size = 0
        for part in m.layout:
            if isinstance(part, Choice):
                self.fixed_place(part.groups[0].fields[0])
                for g in part.groups:
                    self.group(m, g, self.at)
                self.at += part.size
                m.min_size, m.max_size = self.at, self.at
            elif isinstance(part, Group):
                self.group(m, part, self.at)
                self.at += part.size
                m.max_size, self.ended = m.max_size + part.size, part.name
            else:
                self.single(m, part)
        if m.max_size > 0xffff and not any(f.view for f in m.fields()):
            self.fail(m.line, "message '%s' can grow beyond 64 KiB" % m.name)
        m.max_size = min(m.max_size, 0xffff)
        if m.codec != "none" and m.min_size == 0:
            self.fail(m.line, "'%s' has no field of a fixed place" % m.name)

    def fixed_place(self, f):
        if self.ended:
            self.fail(f.line, "'%s' follows '%s', after which nothing has a fixed place"
                      % (f.name, self.ended))
        self.place(f, self.at)

    def single(self, m, f):
        """A field on its own, or a view."""
        self.field(f, self.seen)
        self.provenance_of(f, m)
        if f.view and f.view.kind in ("window", "chain"):
            if f.view.base > m.min_size:
                self.fail(f.line, "base of '%s' lies behind the fixed part" % f.name)
            m.max_size += f.view.max
        elif f.view:
            self.place(f, self.at)
            m.max_size += f.view.item_size * f.view.max
            self.ended = f.name
        elif m.codec == "none":
            if f.at < self.at:
                self.fail(f.line, "field '%s' overlaps the one before it" % f.name)
            self.at = m.min_size = m.max_size = f.end
        else:
            self.fixed_place(f)
            self.at = m.min_size = m.max_size = f.end

    def group(self, m, g, at):
        seen = self.seen
        self.cond(g, seen)
        for f in g.fields:
            self.place(f, at)
            if f.view:
                self.fail(f.line, "view '%s' stands in a group" % f.name)
            self.field(f, seen)
            self.provenance_of(f, m)
            at = f.end

    def provenance_of(self, f, m):
        f.src, f.evidence = f.src or m.src, f.evidence or m.evidence
        self.provenance(f)
        self.version(f.since, f.line)

    def record(self, m):
        self.message(m)
        if m.next:
            f = m.find(m.next)
            if f is None or f.type not in UNSIGNED[:3] or f.reserved or f.group:
                self.fail(m.line, "next of '%s' must be a plain field of it" % m.name)
            if not isinstance(f.min, int) or f.min < m.min_size:
                self.fail(f.line, "'%s' needs a min of at least %d, or a walk could stand still"
                          % (f.name, m.min_size))

    def run(self):
        p = self.p
        self.sets()
        for m in p.records + p.messages:
            if sum(o.name == m.name for o in p.records + p.messages) > 1:
                self.fail(m.line, "'%s' stands twice" % m.name)
        for m in p.records:
            self.record(m)
        last = (-1, "")
        for m in p.messages:
            self.message(m)
            if (m.id, m.direction) <= last:
                self.fail(m.line, "id %d of '%s' is out of order or taken" % (m.id, m.name))
            last = (m.id, m.direction)
            if m.id > top_of(p.id_field.type):
                self.fail(m.line, "id of '%s' does not fit %s" % (m.name, p.id_field.type))


def check(p: Protocol):
    Checker(p).run()
