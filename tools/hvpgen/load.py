# SPDX-License-Identifier: BSD-2-Clause
"""Reads a spec: YAML restricted to mappings, lists, integers and strings, with line numbers.

What is not an integer is a string, as it is written: `since: 5.3` and `since: "5.3"` are the
same, and `yes` is a word. Anchors, tags and unknown keys are refused.
"""
import re

import yaml

from model import (SCALARS, VIEWS, Choice, Cond, Field, Group, Message, Protocol, Source,
                   SpecError, Value, ValueSet, View)

INT = re.compile(r"^(-?[0-9]+|0x[0-9a-fA-F]+)$")
ARRAY = re.compile(r"^(u8|utf16)\[([0-9]+)\]$")
NAME = re.compile(r"^[a-z][a-z0-9_]*$")
VALUE_NAME = re.compile(r"^[a-z0-9_]+$")  # 802_3_..., which has its set's name before it in C


class Map(dict):
    line = 0
    lines = None


class Seq(list):
    line = 0


class Loader:
    """One spec file on its way to a Protocol."""

    def __init__(self, path, shown):
        self.shown = shown
        with open(path, encoding="utf-8") as f:
            text = f.read()
        try:
            for event in yaml.parse(text):
                if getattr(event, "anchor", None):
                    self.fail(event.start_mark.line + 1, "anchors and aliases are not allowed")
            node = yaml.compose(text)
        except yaml.MarkedYAMLError as e:
            self.fail((e.problem_mark or e.context_mark).line + 1, e.problem or "not YAML")
        if not isinstance(node, yaml.MappingNode):
            self.fail(1, "a spec is a mapping")
        self.top = self.plain(node)

    def fail(self, line, message):
        raise SpecError(self.shown, line, message)

    def plain(self, node):
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            out = Map()
            out.line, out.lines = line, {}
            for k, v in node.value:
                if k.value in out:
                    self.fail(k.start_mark.line + 1, "key '%s' stands twice" % k.value)
                out.lines[k.value] = k.start_mark.line + 1
                out[k.value] = self.plain(v)
            return out
        if isinstance(node, yaml.SequenceNode):
            out = Seq(self.plain(v) for v in node.value)
            out.line = line
            return out
        if node.style is None and INT.match(node.value):
            return int(node.value, 0)
        return node.value

    def take(self, m, spec, what):
        """Checks the keys of a mapping: {key: (type, default)}; default ... is required."""
        if not isinstance(m, Map):
            self.fail(getattr(m, "line", self.line), "%s must be a mapping" % what)
        self.line = m.line
        for key in m:
            if key not in spec:
                self.fail(m.lines[key], "unknown key '%s' in %s" % (key, what))
        out = {}
        for key, (types, default) in spec.items():
            if key not in m:
                if default is ...:
                    self.fail(m.line, "%s needs '%s'" % (what, key))
                out[key] = default
                continue
            if not isinstance(m[key], types):
                self.fail(m.lines[key], "'%s' of %s has the wrong type" % (key, what))
            out[key] = m[key]
        return out

    def name(self, m, key="name", pattern=NAME):
        if not pattern.match(str(m[key])):
            self.fail(m.lines[key], "'%s' is not a lower-case name" % m[key])
        return m[key]

    line = 1
    order = "little"

    def value(self, m, kind):
        d = self.take(m, {"name": ((str, int), ...), "value": ((int, str), ...), "doc": (str, ""),
                          "src": (list, []), "evidence": (str, ""), "since": (str, "")},
                      "a value")
        d["name"] = str(d["name"])
        if kind != "version":
            self.name(m, pattern=VALUE_NAME)
        return Value(line=m.line, **d)

    def values(self, m):
        kinds = {"version": 0, "const": 0, "enum": 0, "flags": 0}
        d = self.take(m, {"set": (str, ...), "kind": (str, ...), "type": (str, "u32"),
                          "values": (list, ...), "open": (str, "yes"), "doc": (str, ""),
                          "c": (str, None), "src": (list, []), "evidence": (str, "")}, "a set")
        if d["kind"] not in kinds:
            self.fail(m.lines["kind"], "kind '%s' is none of %s" % (d["kind"], ", ".join(kinds)))
        if d["type"] not in SCALARS and d["type"] != "guid":
            self.fail(m.lines["type"], "type '%s' is not known" % d["type"])
        out = ValueSet(self.name(m, "set"), d["kind"], d["type"], doc=d["doc"], line=m.line,
                       closed=d["open"] == "no")
        out.c_name = d["set"].upper() if d["c"] is None else d["c"]
        for v in d["values"]:
            v = self.value(v, d["kind"])
            v.src, v.evidence = v.src or d["src"], v.evidence or d["evidence"]
            out.values.append(v)
        return out

    def view(self, m, kind):
        keys = {"item": (str, ""), "max": (int, 0)}
        if kind == "counted":
            keys["count"] = (str, ...)
        if kind in ("window", "chain"):
            keys.update(base=(int, 0), offset=(str, ...), length=(str, ""))
        d = self.take(Map_only(m, keys), keys, "a view")
        return View(kind, **d)

    def field(self, m, defaults):
        keys = {"at": (int, ...), "name": (str, ...), "type": (str, ...), "reserved": (str, ""),
                "min": ((int, str), None), "max": ((int, str), None), "multiple": (int, 0),
                "values": (str, ""), "hex": (str, ""), "const": (int, None), "doc": (str, ""),
                "src": (list, defaults[0]), "evidence": (str, defaults[1]), "since": (str, "")}
        kind = m.get("type") if isinstance(m, Map) else None
        extra = {"item": 0, "count": 0, "offset": 0, "length": 0, "base": 0} if kind in VIEWS else {}
        if kind in ("window", "chain"):
            keys["at"] = (int, 0)
        self.take(m, {**keys, **{k: ((int, str), None) for k in extra}}, "a field")
        d = {k: m.get(k, v[1]) for k, v in keys.items()}
        self.name(m)
        out = Field(d["name"], d["at"], d["type"], 0, reserved=d["reserved"], min=d["min"],
                    max=d["max"], multiple=d["multiple"], values=d["values"],
                    hex=d["hex"] == "yes", const=d["const"], doc=d["doc"], src=d["src"],
                    evidence=d["evidence"], line=m.line, since=d["since"])
        array = ARRAY.match(d["type"])
        if kind in VIEWS:
            out.type, out.view, out.max = "view", self.view(m, kind), None
        elif array:
            out.count = int(array[2])
            out.type, unit = ("bytes", 1) if array[1] == "u8" else ("utf16", 2)
            out.size = unit * out.count
        elif d["type"] == "guid":
            out.size = 16
        elif d["type"] in SCALARS:
            out.size = SCALARS[d["type"]][0]
        else:
            self.fail(m.lines["type"], "type '%s' is not known" % d["type"])
        out.big = self.order == "big" and d["type"] in SCALARS and out.size > 1
        if out.reserved not in ("", "ignore", "zero"):
            self.fail(m.lines["reserved"], "reserved is 'ignore' or 'zero'")
        return out

    def cond(self, m):
        d = self.take(m, {"since": (str, ""), "until": (str, ""), "features": (list, []),
                          "field": (str, ""), "mask": ((int, str), 0), "equals": (int, None),
                          "room": (str, "")}, "a condition")
        d["room"] = d["room"] == "yes"
        return Cond(line=m.line, **d)

    def when(self, m):
        parts = [self.cond(c) for c in (m if isinstance(m, Seq) else [m])]
        for a, b in zip(parts, parts[1:]):
            a.also = b
        return parts[0]

    def group(self, m, defaults):
        d = self.take(m, {"group": (str, ...), "when": ((Map, Seq), ...), "fields": (list, ...),
                          "doc": (str, "")}, "a group")
        out = Group(self.name(m, "group"), self.when(d["when"]), doc=d["doc"], line=m.line)
        out.fields = [self.field(f, defaults) for f in d["fields"]]
        if not out.fields:
            self.fail(m.line, "group '%s' has no fields" % out.name)
        for f in out.fields:
            f.group = out
        return out

    def part(self, m, defaults):
        if isinstance(m, Map) and "choice" in m:
            d = self.take(m, {"choice": (list, ...)}, "a choice")
            return Choice([self.group(g, defaults) for g in d["choice"]], m.line)
        if isinstance(m, Map) and "group" in m:
            return self.group(m, defaults)
        return self.field(m, defaults)

    def message(self, m, is_record):
        keys = {"name": (str, ...), "fields": (list, []), "codec": (str, "auto"),
                "title": (str, ""), "doc": (str, ...), "section": (str, ""), "src": (list, ...),
                "evidence": (str, ...), "part": (str, ""), "since": (str, "")}
        if is_record:
            keys.update(next=(str, ""), align=(int, 1))
        else:
            keys.update(id=(int, ...), dir=(str, ...), features=(list, []))
        d = self.take(m, keys, "a record" if is_record else "a message")
        self.name(m)
        defaults = (d["src"], d["evidence"])
        parts = [self.part(f, defaults) for f in d.pop("fields")]
        if not is_record:
            if d["dir"] not in ("g2h", "h2g", "both"):
                self.fail(m.lines["dir"], "dir is g2h, h2g or both")
            parts = [Field(**{**vars(f), "line": m.line}) for f in self.out.header] + parts
            d["direction"] = d.pop("dir")
        if d["codec"] not in ("auto", "manual", "none"):
            self.fail(m.lines["codec"], "codec is auto, manual or none")
        out = Message(layout=parts, line=m.line, **d)
        out.title = out.title or out.name.upper()
        for f in out.fields():
            if f.const is None and f.name == self.id_name and not is_record:
                f.const = out.id
        return out

    def protocol(self):
        keys = {"protocol": (str, ...), "title": (str, ...), "doc": (str, ...),
                "chapter": (str, ""), "outputs": (Map, ...), "includes": (list, []),
                "order": (str, "little"), "id": (str, ""), "header": (list, []), "sources": (Map, ...), "sets": (list, []),
                "records": (list, []), "messages": (list, []), "data": (Map, {})}
        d = self.take(self.top, keys, "a spec")
        p = self.out = Protocol(self.shown, self.name(self.top, "protocol"), d["title"], d["doc"],
                                d["chapter"], dict(d["outputs"]), list(d["includes"]))
        p.data = d["data"]
        if d["order"] not in ("little", "big"):
            self.fail(self.top.lines["order"], "order is little or big")
        self.order = p.order = d["order"]
        p.sources = [Source(k, v, d["sources"].lines[k]) for k, v in d["sources"].items()]
        p.sets = [self.values(s) for s in d["sets"]]
        p.header = [self.field(f, ([], "")) for f in d["header"]]
        self.id_name = d["id"]
        p.id_field = next((f for f in p.header if f.name == d["id"]), None)
        if d["messages"] and p.id_field is None:
            self.fail(self.top.lines.get("id", 1), "'id' must name a field of 'header'")
        p.records = [self.message(m, True) for m in d["records"]]
        p.messages = [self.message(m, False) for m in d["messages"]]
        return p


def Map_only(m, keys):
    out = Map({k: v for k, v in m.items() if k in keys})
    out.line, out.lines = m.line, m.lines
    return out


def load(path, shown=None):
    """The spec at @path; @shown is the name that error messages use."""
    return Loader(path, shown or path).protocol()
