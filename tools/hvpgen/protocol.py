# SPDX-License-Identifier: BSD-2-Clause
"""From spec files to output files: which loader, which emitters."""
import glob
import os

import emit_c
import emit_h
import emit_table
import kinds
from check import check
from load import load

EMITTERS = [emit_h, emit_c, emit_table]


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


def all_outputs(root):
    files = {}
    for path in sorted(glob.glob(os.path.join(root, "spec", "**", "*.yaml"), recursive=True)):
        files.update(outputs(path, os.path.relpath(path, root)))
    return files
