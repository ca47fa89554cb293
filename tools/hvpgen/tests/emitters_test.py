# SPDX-License-Identifier: BSD-2-Clause
"""Golden output of the emitters that print no codec, and specs that they must refuse.

After a wanted change: `emitters_test.py --accept` writes the golden files anew; review the
difference and commit it with the generator (CONTRIBUTING).
"""
import glob
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import check    # noqa: E402
import dump     # noqa: E402
import emit_fuzz    # noqa: E402
import emit_lua     # noqa: E402
import emit_md      # noqa: E402
import kinds    # noqa: E402
import load     # noqa: E402
from model import SpecError     # noqa: E402

ACCEPT = "--accept" in sys.argv


def golden_path(part, path):
    return os.path.join(HERE, part, "golden.out", path.replace("/", "_"))


def kind_files():
    files = {}
    for path in sorted(glob.glob(os.path.join(HERE, "kinds", "golden", "*.yaml"))):
        files.update(kinds.outputs(path, "spec/" + os.path.basename(path)))
    return files


def mini():
    protocol = load.load(os.path.join(HERE, "wire", "mini.yaml"), "spec/mini.yaml")
    check.check(protocol)
    return protocol


def wire_files():
    p = mini()
    files = {**emit_md.outputs(p), **emit_fuzz.outputs(p)}
    files["dissector_tables.lua"] = "\n".join(
        ["-- SPDX-License-Identifier: BSD-2-Clause"] + emit_lua.protocol_lines(p)) + "\n"
    files["layouts.json"] = dump.text([p])
    return files


class Golden(unittest.TestCase):
    maxDiff = None

    def compare(self, part, files):
        kept = os.listdir(os.path.join(HERE, part, "golden.out"))
        self.assertEqual(sorted(os.path.basename(golden_path(part, p)) for p in files),
                         sorted(kept))
        for path, text in files.items():
            with self.subTest(path=path):
                with open(golden_path(part, path), encoding="utf-8") as stream:
                    self.assertEqual(stream.read(), text)

    def test_constants_ids_requirements_and_bugs(self):
        self.compare("kinds", kind_files())

    def test_reference_dissector_dictionary_and_layouts(self):
        self.compare("wire", wire_files())

    def test_printing_twice_prints_the_same(self):
        self.assertEqual(wire_files(), wire_files())
        self.assertEqual(kind_files(), kind_files())


class Bad(unittest.TestCase):
    def test_each_bad_spec_is_refused_at_its_line(self):
        paths = sorted(glob.glob(os.path.join(HERE, "kinds", "bad", "*.yaml")))
        self.assertGreater(len(paths), 20)
        for path in paths:
            name = os.path.basename(path)
            with self.subTest(spec=name), open(path, encoding="utf-8") as stream:
                lines = stream.read().split("\n")
                wanted = next(x[len("# expect: "):] for x in lines if x.startswith("# expect: "))
                with self.assertRaises(SpecError) as raised:
                    kinds.load(path, name)
                self.assertEqual(str(raised.exception), f"{name}:{wanted}")


def accept():
    for part, files in (("kinds", kind_files()), ("wire", wire_files())):
        folder = os.path.join(HERE, part, "golden.out")
        os.makedirs(folder, exist_ok=True)
        for old in os.listdir(folder):
            os.remove(os.path.join(folder, old))
        for path, text in files.items():
            with open(golden_path(part, path), "w", encoding="utf-8") as stream:
                stream.write(text)


if __name__ == "__main__":
    if ACCEPT:
        accept()
    else:
        unittest.main()
