# SPDX-License-Identifier: BSD-2-Clause
"""Every layout as JSON, to compare with what other programs take the layouts to be."""
import json



def field_json(f):
    """A view has the size of one item, as in struct hvp_field_desc."""
    size = f.view.item_size if f.view else f.size
    return {"name": f.name, "offset": f.at, "size": size, "type": f.type}


def message_json(p, m):
    versions = p.versions()
    since = versions.find(m.since).value if m.since else 0
    return {"protocol": p.name, "message": m.name, "id": m.id, "direction": m.direction or None,
            "since": since, "size": m.min_size,
            "fields": [field_json(f) for f in m.fields()]}


def layouts(protocols):
    return [message_json(p, m) for p in protocols for m in p.messages + p.records]


def text(protocols):
    rows = [json.dumps(row) for row in layouts(protocols)]
    return "[\n" + ",\n".join(rows) + "\n]\n"
