# SPDX-License-Identifier: BSD-2-Clause
"""Runs the examples of docs/wire/*.md: each `hex` block against the `fields` block after it.

usage: docs_test.py [--hvproto PROGRAM]

Every example is compared with the layouts that `hvpgen dump` prints: each field is where the
layout says. With a program it is decoded by it as well, and the layouts it prints from its own
tables must be those of the specs.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import unittest
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HVPGEN = [sys.executable, os.path.join(ROOT, "tools", "hvpgen", "hvpgen")]
EXAMPLE = re.compile(r"^```hex\n(.*?)^```\n\n```fields\n(.*?)^```$", re.M | re.S)
PROGRAM = None
SIGNED = ("i32", "i64")


class Example:
    def __init__(self, path, header, text, fields):
        self.path = os.path.relpath(path, ROOT)
        self.protocol, self.message, self.direction, self.version = header.split()
        self.text = text
        self.bytes = bytes.fromhex("".join(line.partition(": ")[2] for line in text.split("\n")))
        self.fields = dict(line.split(": ", 1) for line in fields.splitlines())

    def __str__(self):
        return f"{self.path}: {self.protocol}.{self.message}"


def examples():
    out = []
    for path in sorted(glob.glob(os.path.join(ROOT, "docs", "wire", "*.md"))):
        with open(path, encoding="utf-8") as stream:
            for block, fields in EXAMPLE.findall(stream.read()):
                header, text = block.rstrip("\n").split("\n", 1)
                out.append(Example(path, header.lstrip("# "), text, fields))
    return out


def layouts(command):
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {(x["protocol"], x["message"]): x for x in json.loads(text)}


def plain(value):
    """A number, or text in lower case: what two ways to write a value have in common."""
    try:
        return int(str(value), 0)
    except ValueError:
        return str(value).lower()


def read_field(data, field):
    part = data[field["offset"]:field["offset"] + field["size"]]
    if len(part) < field["size"]:
        return None
    if field["type"] == "guid":
        return str(uuid.UUID(bytes_le=part))
    if field["type"] == "bytes":
        return part.hex()
    return int.from_bytes(part, "little", signed=field["type"] in SIGNED)


class Layouts(unittest.TestCase):
    def test_there_are_examples(self):
        self.assertGreaterEqual(len(examples()), 15)

    def test_fields_are_where_the_layouts_say(self):
        known = layouts(HVPGEN + ["dump", "--json"])
        for e in examples():
            with self.subTest(example=str(e)):
                layout = known[e.protocol, e.message]
                self.assertGreaterEqual(len(e.bytes), layout["size"])
                for name, value in e.fields.items():
                    places = [f for f in layout["fields"] if f["name"] == name]
                    self.assertTrue(places, f"{name} is no field")
                    self.assertIn(plain(value), [plain(read_field(e.bytes, f)) for f in places],
                                  name)


class Program(unittest.TestCase):
    def setUp(self):
        if not PROGRAM:
            self.skipTest("no --hvproto given")

    def decode(self, e):
        command = [PROGRAM, "decode", "--json", "--protocol", e.protocol, "--direction",
                   e.direction]
        if e.version != "0.0":
            command += ["--version", e.version]
        done = subprocess.run(command + ["-"], input=e.text + "\n", capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout.strip().split("\n")[0])

    def check_decoded(self, e, found, id_field):
        """The field that tells messages apart is the object's id, not one of its fields."""
        for name, value in e.fields.items():
            shown = found["id"] if name == id_field else found["fields"].get(name)
            self.assertEqual(plain(shown), plain(value), name)
        self.assertEqual(found["size"], len(e.bytes))

    def test_the_program_decodes_every_message(self):
        known, decoded = layouts(HVPGEN + ["dump", "--json"]), 0
        for e in examples():
            if known[e.protocol, e.message]["id"] is None:
                continue
            with self.subTest(example=str(e)):
                found = self.decode(e)
                self.assertEqual(found["message"], e.message)
                self.check_decoded(e, found, known[e.protocol, e.message]["fields"][0]["name"])
                decoded += 1
        self.assertGreaterEqual(decoded, 15)

    def test_the_program_decodes_every_ring_packet(self):
        packets = [e for e in examples() if (e.protocol, e.message) == ("ring", "descriptor")]
        self.assertGreaterEqual(len(packets), 3)
        for e in packets:
            with self.subTest(example=str(e)):
                self.check_decoded(e, self.decode(e), "packet_type")

    def test_the_program_has_the_layouts_of_the_specs(self):
        wanted = layouts(HVPGEN + ["dump", "--json"])
        found = layouts([PROGRAM, "spec", "--json"])
        ids = {k for k, v in wanted.items() if v["id"] is not None}
        self.assertLessEqual(ids, set(found))
        self.assertLessEqual(set(found), set(wanted))
        for key, layout in found.items():
            with self.subTest(message=".".join(key)):
                if wanted[key]["id"] is None:   # a record has no id and goes any way
                    layout.update(id=None, direction=None)
                self.assertEqual(layout, wanted[key])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hvproto")
    args, rest = parser.parse_known_args()
    PROGRAM = args.hvproto
    unittest.main(argv=sys.argv[:1] + rest)
