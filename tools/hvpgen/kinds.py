# SPDX-License-Identifier: BSD-2-Clause
"""Specs that describe no protocol: what they are checked by, and what is printed from them.

A protocol's spec begins with `protocol:`, every other with `kind:`.
"""
import emit_const
import emit_json
from constspec import check_constants, check_guids, load_rows, need, one_of
from listspec import check_bugs, check_requirements

CHECKS = {"constants": check_constants, "guids": check_guids,
          "requirements": check_requirements, "bugs": check_bugs}
EMITTERS = {"constants": [emit_const], "guids": [emit_const],
            "requirements": [emit_json], "bugs": [emit_json]}


def is_kind(path):
    """Whether a spec file is one of these, not a protocol."""
    with open(path, encoding="utf-8") as stream:
        return any(line.startswith("kind:") for line in stream)


def load(path, shown=None):
    spec = load_rows(path, shown)
    need(spec, "kind")
    one_of(spec, "kind", CHECKS)
    return CHECKS[spec["kind"]](spec)


def outputs(path, shown=None):
    """{path: text} of everything that is printed from one spec."""
    spec = load(path, shown)
    files = {}
    for emitter in EMITTERS[spec["kind"]]:
        files.update(emitter.outputs(spec, shown or path))
    return files
