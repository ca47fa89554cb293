# SPDX-License-Identifier: BSD-2-Clause
"""Prints what a protocol's spec says in words, for `hvproto spec`: one JSON file a protocol.

Numbers are in the message tables that the program is built with; here are the texts, the
sources and the evidence behind them. One row a line, so that a change reads as a change.
"""
import json

from emit_const import MARK


def present(**items):
    return {key: value for key, value in items.items() if value not in ("", None, [], {})}


def field_row(m, f):
    """Source and evidence only where they are not the message's own."""
    return present(name=f.name, doc=f.doc, values=f.values, since=f.since,
                   src=f.src if f.src != m.src else [],
                   evidence=f.evidence if f.evidence != m.evidence else "",
                   group=f.group.name if f.group else "")


def message_row(m):
    return present(name=m.name, title=m.title, doc=m.doc, section=m.section, since=m.since,
                   features=m.features, src=m.src, evidence=m.evidence,
                   groups=[present(name=g.name, doc=g.doc) for g in m.groups()],
                   fields=[field_row(m, f) for f in m.fields()])


def value_row(v):
    return present(name=v.name, value=v.value, doc=v.doc, src=v.src, evidence=v.evidence)


def set_row(s):
    return present(name=s.name, kind=s.kind, doc=s.doc, values=[value_row(v) for v in s.values])


def rows(name, items):
    return f'"{name}": [\n' + ",\n".join(json.dumps(i) for i in items) + "\n]"


def outputs(p):
    head = [f'"_generated": {json.dumps(MARK.format(source=p.path))}']
    head += [f'"{key}": {json.dumps(value)}' for key, value in
             (("protocol", p.name), ("title", p.title), ("doc", p.doc), ("chapter", p.chapter),
              ("sources", {s.key: s.text for s in p.sources}))]
    parts = head + [rows("sets", [set_row(s) for s in p.sets]),
                    rows("records", [message_row(m) for m in p.records]),
                    rows("messages", [message_row(m) for m in p.messages])]
    return {f"conformance/data/{p.name}.json": "{\n" + ",\n".join(parts) + "\n}\n"}
