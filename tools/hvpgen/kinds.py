# SPDX-License-Identifier: BSD-2-Clause
"""Specs that describe no protocol: what they are checked by, and what is printed from them.

A protocol's spec begins with `protocol:`, every other with `kind:`.
"""
import emit_const
import emit_fuzz
import emit_json
import emit_md_kinds
from constspec import check_constants, check_guids, load_rows, need, one_of
from examplespec import check_examples
from listspec import check_bugs, check_requirements

CHECKS = {"constants": check_constants, "guids": check_guids, "examples": check_examples,
          "requirements": check_requirements, "bugs": check_bugs}
EMITTERS = {"constants": [emit_const.outputs, emit_md_kinds.outputs],
            "guids": [emit_const.outputs, emit_md_kinds.outputs, emit_fuzz.guid_outputs],
            "requirements": [emit_json.outputs, emit_md_kinds.outputs],
            "bugs": [emit_json.outputs, emit_md_kinds.outputs],
            "examples": []}


def is_kind(path):
    """Whether a spec file is one of these, not a protocol."""
    with open(path, encoding="utf-8") as stream:
        words = [line.split()[1] for line in stream if line.startswith("kind:")]
    return bool(words) and words[0] in CHECKS


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
        files.update(emitter(spec, shown or path))
    return files
