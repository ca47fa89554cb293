# SPDX-License-Identifier: BSD-2-Clause
"""From spec files to output files: which loader, which emitters."""
import glob
import os

import emit_c
import emit_h
import emit_table
import kinds
import reference
from check import check
from load import load

EMITTERS = [emit_h, emit_c, emit_table, reference]


def read(path, shown=None):
    """A checked Protocol."""
    p = load(path, shown)
    check(p)
    return p


def outputs(path, shown=None):
    """{path: text} of everything that is printed from one spec."""
    if kinds.is_kind(path):
        return kinds.outputs(path, shown)
    p, files = read(path, shown), {}
    for emitter in EMITTERS:
        files.update(emitter.outputs(p))
    return files


def spec_files(root):
    return sorted(glob.glob(os.path.join(root, "spec", "**", "*.yaml"), recursive=True))


def protocols(root):
    """Every checked Protocol of the tree."""
    return [read(path, os.path.relpath(path, root)) for path in spec_files(root)
            if not kinds.is_kind(path)]


def all_outputs(root):
    files = {}
    for path in spec_files(root):
        files.update(outputs(path, os.path.relpath(path, root)))
    files.update(reference.dissector(root, read))
    return files
