# SPDX-License-Identifier: BSD-2-Clause
"""The command line program from the outside: inputs, outputs, errors, exit codes.

usage: cli_test.py PROGRAM
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import trace_pcap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VECTORS = os.path.join(ROOT, "tests", "vectors")
CONTACT = os.path.join(VECTORS, "linux/r1/0001-g2h-vmbus-initiate-contact-5.3.hex")
PACKET = os.path.join(VECTORS, "linux/r1/0235-g2h-netvsc-rndis-initialize-gpadirect.hex")
# Chapter 10, appendix A.10, without its trailer.
GPA_DIRECT = ("09000600070001000700000000000000" "0000000001000000" "00040000000e0000"
              "55000000000000005600000000000000" "0102030400000000")
PROGRAM = ""
TEMPORARY = None


def run(*args, stdin=b"", env=None):
    """(exit code, standard output, standard error); what a sanitizer found fails at once."""
    done = subprocess.run([PROGRAM, *args], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, **(env or {})}, check=False)
    err = done.stderr.decode()
    if done.returncode < 0 or "Sanitizer" in err or "runtime error" in err:
        raise AssertionError(f"{args}: {done.returncode}\n{err}")
    return done.returncode, done.stdout.decode(errors="replace"), err


def raw(*args):
    return subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, check=True).stdout


def file_of(data, name="input"):
    path = os.path.join(TEMPORARY.name, name)
    with open(path, "wb") as stream:
        stream.write(data if isinstance(data, bytes) else data.encode())
    return path


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def contact_bytes():
    with open(CONTACT, encoding="ascii") as stream:
        lines = [line for line in stream if not line.startswith("#")]
    return bytes.fromhex("".join(line.split(":")[1] for line in lines))


def trace(*records):
    """A pcap file; a record: (kind, direction, version in force, aux, bytes)."""
    return trace_pcap.pcap([
        trace_pcap.record(kind, direction, data, channel=3, connection=4, version=version, aux=aux)
        for kind, direction, version, aux, data in records])


class Decode(unittest.TestCase):
    def test_hex_raw_standard_input_and_trace_say_the_same(self):
        data = contact_bytes()
        want = rows(run("decode", "--json", CONTACT)[1])
        self.assertEqual(want[0]["fields"]["version_requested"], 0x50003)
        for args, stdin in (
                (("-d", "g2h", file_of(data)), b""),
                (("-d", "g2h", "-"), data),
                (("-d", "g2h", "-"), data.hex().encode()),
                (("-d", "g2h", "-"), data.hex(" ", 4).encode()),
                ((file_of(trace((1, 1, 0, 1, data))),), b"")):
            code, out, _ = run("decode", "--json", *args, stdin=stdin)
            self.assertEqual((code, rows(out)), (0, want), args)

    def test_json_has_exactly_the_members_that_are_promised(self):
        code, out, err = run("decode", "--json", CONTACT)
        self.assertEqual(code, 0)
        self.assertEqual(list(rows(out)[0]), ["protocol", "message", "id", "direction", "size",
                                              "fields"])
        self.assertIn("from the caption", err)
        self.assertEqual(run("decode", "--json", "--quiet", CONTACT)[2], "")

    def test_tree_names_message_fields_offsets_and_where_the_guess_is_from(self):
        code, out, err = run("decode", CONTACT)
        self.assertEqual((code, err), (0, ""))
        for text in ("INITIATE_CONTACT (14)", "guest to host", "40 bytes", "from the caption",
                     "@8", "version_requested", "0x50003 (5.3)"):
            self.assertIn(text, out)
        self.assertNotIn("\033", out)

    def test_packets_show_ranges_and_what_they_point_to(self):
        code, out, _ = run("decode", PACKET)
        self.assertEqual(code, 0)
        self.assertIn("byte_count 24, byte_offset 0x88, pfns 0x6a55", out)
        self.assertIn("GPA-direct range 0, length 24", out)
        row = rows(run("decode", "-q", "--json", PACKET)[1])
        self.assertEqual(len(row), 1)
        self.assertEqual(row[0]["fields"]["ranges"],
                         [{"byte_count": 24, "byte_offset": 0x88, "pfns": [0x6a55]}])

    def test_the_direction_of_a_file_name_counts(self):
        data = contact_bytes().hex()
        self.assertEqual(run("decode", "-p", "vmbus", file_of(data, "7-g2h-x.hex"))[0], 0)
        code, _, err = run("decode", "-p", "vmbus", file_of(data, "7-h2g-x.hex"))
        self.assertEqual(code, 1)
        self.assertIn("of the other direction", err)

    def test_bytes_without_any_name_are_guessed(self):
        code, out, _ = run("decode", "-", stdin=contact_bytes())
        self.assertEqual(code, 0)
        self.assertIn("guessed from the bytes", out)
        completion = bytes.fromhex("0b0002000300000022110000000000000000000000000000")
        row = rows(run("decode", "--json", "-", stdin=completion)[1])[0]
        self.assertEqual((row["protocol"], row["message"]), ("ring", "completion"))
        self.assertEqual(row["fields"]["transaction_id"], 0x1122)
        code, _, err = run("decode", "-", stdin=b"\xff" * 12)
        self.assertEqual(code, 1)
        self.assertIn("--protocol", err)

    def test_a_fault_is_told_and_decoding_goes_on(self):
        good = contact_bytes()
        offer = bytearray(196)
        offer[0] = 1
        text = "\n".join(["# channel message, message type 1; 196 bytes", offer.hex(),
                          "# HvPostMessage payload, connection id 4; 12 bytes", good[:12].hex(),
                          "# HvPostMessage payload, connection id 4; 40 bytes", good.hex()])
        path = file_of(text)
        code, out, err = run("decode", "--json", path)
        self.assertEqual(code, 1)
        first, second, third = rows(out)
        self.assertEqual(first["fault"], {
            "status": "VALUE", "message": "vmbus.offer_channel", "field": "channel_id",
            "offset": 184, "found": 0, "low": 1, "high": 2047})
        self.assertEqual(second["fault"]["status"], "SHORT")
        self.assertEqual((second["fault"]["found"], second["fault"]["low"]), (12, 40))
        self.assertIn("fields", third)
        line = [row for row in err.splitlines() if "channel_id" in row][0]
        for word in (path, "vmbus.offer_channel", "offset 184", "found 0", "1 to 2047"):
            self.assertIn(word, line)
        code, out, _ = run("decode", path)
        self.assertEqual(code, 1)
        self.assertIn("INITIATE_CONTACT", out)

    def test_every_truncation_and_every_flipped_byte_of_a_packet_is_survived(self):
        packet = bytes.fromhex(GPA_DIRECT)
        args = ("decode", "-q", "--json", "-p", "ring", "-d", "g2h", "-f", "raw")
        code, out, _ = run(*args, *[file_of(packet[:size], f"cut-{size}")
                                    for size in range(1, len(packet))])
        self.assertEqual(code, 1)
        self.assertEqual(len(out.splitlines()), len(packet) - 1)
        for row in rows(out):
            self.assertIn(row["fault"]["status"], ("SHORT", "VALUE"))
        flipped = []
        for at in range(len(packet)):
            changed = bytearray(packet)
            changed[at] ^= 0xff
            flipped.append(file_of(bytes(changed), f"flip-{at}"))
        self.assertEqual(len(run(*args, *flipped)[1].splitlines()), len(packet))

    def test_damaged_text_is_noticed(self):
        for text, why in (("# ring packet; 40 bytes\n0000: 00 01\n", "caption"),
                          ("0000: 00 01 02\n0010: 00\n", "offset"),
                          ("0000: 00 0\n", "hex digits")):
            code, _, err = run("decode", "-f", "hex", "-p", "ring", file_of(text))
            self.assertEqual(code, 1, text)
            self.assertIn(why, err)

    def test_versions_and_features_decide_the_layout(self):
        opened = run("encode", "-p", "vmbus", "-m", "open_channel", "-V", "6.0",
                     '{"channel_id": 1, "event_flag": 5}')[1]
        self.assertEqual(len(bytes.fromhex(opened)), 156)
        row = rows(run("decode", "-q", "-j", "-", stdin=opened.encode())[1])[0]
        self.assertEqual(row["fields"]["event_flag"], 5)
        row = rows(run("decode", "-q", "-j", "-V", "5.3", "-F", "0", "-",
                       stdin=opened.encode())[1])[0]
        self.assertEqual((row["surplus"], "event_flag" in row["fields"]), (8, False))
        code, _, err = run("decode", "-V", "4.0", "-p", "vmbus", "-",
                           stdin=bytes([22] + 15 * [0]))
        self.assertEqual(code, 1)
        self.assertIn("not in the negotiated version", err)

    def test_traces_show_records_that_are_no_messages(self):
        data = contact_bytes()
        path = file_of(trace((1, 1, 0, 1, data), (3, 2, 0x50003, 0, b""),
                             (5, 1, 0x50003, 0, b"hello"), (1, 2, 0x50003, 0x80000010, b"x" * 8),
                             (6, 1, 0x50003, 0x1000, b"abcd")))
        code, out, _ = run("decode", path)
        self.assertEqual(code, 0)
        for text in ("INITIATE_CONTACT", "signal, host to guest", "note", "hello",
                     "pointed-to bytes"):
            self.assertIn(text, out)
        self.assertEqual(len(rows(run("decode", "-j", path)[1])), 1)

    def test_files_that_are_no_traces_of_ours_are_refused(self):
        ethernet = bytearray(trace())
        ethernet[20] = 1
        code, _, err = run("decode", file_of(bytes(ethernet)))
        self.assertEqual(code, 1)
        self.assertIn("USER0", err)
        cut = trace((1, 1, 0, 1, contact_bytes()))[:-5]
        self.assertEqual(run("decode", file_of(cut))[0], 1)

    def test_wrong_usage_is_2(self):
        for args in ((), ("-p", "vmbsu", CONTACT), ("-d", "up", CONTACT), ("-V", "x", CONTACT),
                     ("-V", "5.3.1", CONTACT), ("-F", "x", CONTACT), ("-f", "x", CONTACT),
                     ("-m", "data", CONTACT), ("--no-such", CONTACT), ("/no/such/file",)):
            self.assertEqual(run("decode", *args)[0], 2, args)
        self.assertIn("did you mean 'vmbus'?", run("decode", "-p", "vmbsu", CONTACT)[2])


class Network(unittest.TestCase):
    """The layers above the ring packets of a NIC."""

    def layers(self, pattern):
        path = glob.glob(os.path.join(ROOT, "tests/vectors", pattern))[0]
        code, out, err = run("decode", "-q", "-j", "-D", "network", path)
        self.assertEqual((code, err), (0, ""))
        return rows(out)

    def test_a_request_is_shown_down_to_its_structure(self):
        ring, nvsp, rndis, ndis = self.layers("linux/r1/0255-*")
        self.assertEqual((ring["protocol"], nvsp["message"]), ("ring", "rndis_packet"))
        self.assertEqual(rndis["fields"]["oid"], 0xfc01020c)
        self.assertNotIn("surplus", rndis)
        self.assertEqual((ndis["protocol"], ndis["message"]), ("ndis", "offload_parameters"))
        self.assertEqual(ndis["fields"]["revision"], 3)

    def test_information_of_a_frame_is_a_list(self):
        packet = self.layers("dpdk-22.11-netvsc/n1/030-rndis-data-sendbuf.hex")[2]
        self.assertEqual(packet["fields"]["ppis"], [
            {"size": 16, "type": 8, "ppi_offset": 12, "payload": "00000000"}])

    def test_a_header_apart_from_its_frame_is_shown_alone(self):
        got = self.layers("linux/r1/0593-*")
        self.assertEqual([r["message"] for r in got],
                         ["data_using_gpa_direct", "rndis_packet", "packet"])
        self.assertEqual(got[2]["fields"]["data"], "")
        self.assertEqual(got[2]["fields"]["data_length"], 7354)

    def test_without_the_option_packets_are_packets(self):
        path = glob.glob(os.path.join(ROOT, "tests/vectors/linux/r1/0068-*"))[0]
        self.assertEqual(len(rows(run("decode", "-q", "-j", path)[1])), 1)
        self.assertEqual(run("decode", "-D", "disk", path)[0], 2)

    def test_in_a_trace_the_offer_tells_which_channel_is_a_nic(self):
        offer = bytes.fromhex("0100000000000000" "635161f83edfc546913ff2d2f965ed0e" + "01" * 16 +
                              "00" * 144 + "03000000" "ff000100" "02200000")
        init = bytes.fromhex("06000200040000000100000000000000" "01000000" "00000400" "00000400"
                             "00000000")
        path = file_of(trace((2, 1, 0, 0, init), (1, 2, 0, 1, offer), (2, 1, 0, 0, init)))
        got = rows(run("decode", "-q", "-j", path)[1])
        self.assertEqual([r["message"] for r in got],
                         ["data_in_band", "offer_channel", "data_in_band", "init"])


def sample(field, at):
    """A legal value that differs from field to field."""
    kind = field["type"]
    if kind == "guid":
        return "%08x-0001-0002-0304-050607080900" % (at + 1)
    if kind == "bytes":
        return bytes((at + i) % 256 for i in range(field["size"])).hex()
    return at % 200 + 1


SECTION = {"offset": 0, "sub_allocation_size": 1806, "num_sub_allocations": 9,
           "end_offset": 16254}
INFO = {"info_buffer_offset": 20, "info_buffer_length": 3, "info": "616263"}
# What the rules of a message demand of its fields beyond their types; of None: of all messages.
FIXED = {
    ("vmbus", "initiate_contact"): {"version_requested": 0x60000, "feature_flags": 8,
                                    "interrupt_page_gpa": None, "target_sint": 2},
    ("vmbus", "version_response"): {"version_supported": 1, "connection_state": 0,
                                    "supported_features": 0x40},
    ("vmbus", "gpadl_header"): {"ranges": [0x3000, 0x10, "0xffffffffffffffff"]},
    ("vmbus", "gpadl_body"): {"ranges": [0x11, 0x12]},
    ("ring", "descriptor"): {"length8": 9, "data_offset8": 3},
    ("ring", "gpa_range"): {"byte_offset": 0xfff},
    ("pipe", "data"): {"len": 3, "data": "616263"},
    ("pipe", "partial"): {"data_size": 9, "consumed": 5},
    ("pipe", "setup_gpa_direct"): {"len": 13, "ranges": "01020304", "is_writable": 1},
    ("pipe", "teardown_gpa_direct"): {"len": 4},
    ("nvsp", "receive_buffer_complete"): {"num_sections": 2, "sections": [SECTION, SECTION]},
    ("nvsp", "pd_api"): {"data": "0102"},
    ("nvsp", "pd_post_batch"): {"count": 1, "buffers": [
        {"region_offset": 1, "region_id": 2, "flags": 1}]},
    ("nvsp", "indirection_table"): {"tail": "00010203"},
    ("nvsp", "uplink_connect_state"): {"body": "0102030405"},
    ("rndis", None): {"message_length": 60},
    ("rndis", "packet"): {"data_offset": 40, "data_length": 3, "data": "616263",
                          "per_packet_info_length": 0},
    ("rndis", "query"): INFO, ("rndis", "set"): INFO, ("rndis", "set_ex"): INFO,
    ("rndis", "query_complete"): INFO, ("rndis", "set_ex_complete"): INFO,
    ("rndis", "indicate_status"): {"status_buffer_offset": 12, "status_buffer_length": 2,
                                   "buffer": "6162"},
    ("scsi", "designator"): {"length": 3, "bytes": "010203"},
    ("scsi", "mode_page_head"): {"page_length": 2, "body": "0102"},
    ("scsi", "registrant"): {"descriptor_length": 2, "transport_id": "0102"},
    ("ndis", None): {"size": 160, "revision": 9},
    ("ndis", "offload"): {"object_type": 0xa7},
    ("ndis", "offload_parameters"): {"object_type": 0x80},
    ("ndis", "offload_encapsulation"): {"object_type": 0xa8},
    ("ndis", "rss_capabilities"): {"object_type": 0x88},
    ("ndis", "link_state"): {"object_type": 0x80},
    ("ndis", "rss_parameters"): {
        "indirection_table_offset": 84, "indirection_table_size": 4, "table": "02000000",
        "hash_secret_key_offset": 44, "hash_secret_key_size": 2, "key": "0102"},
    ("ndis", "config_parameter"): {
        "parameter_name_offset": 20, "parameter_name_length": 4, "parameter_name": "61006200",
        "parameter_value_offset": 24, "parameter_value_length": 2, "parameter_value": "3100"},
}


def layouts():
    return json.loads(run("spec", "--json")[1])


def fields_of(row):
    """Something for every field; not for the id and reserved ones, which are no fields to set."""
    fixed = {**FIXED.get((row["protocol"], None), {}),
             **FIXED.get((row["protocol"], row["message"]), {})}
    out = {}
    for at, field in enumerate(row["fields"]):
        name = field["name"]
        is_id = at == 0 and row["id"] is not None
        if is_id or name.startswith(("reserved", "padding")):
            continue
        value = fixed.get(name, None if field["type"] == "view" else sample(field, field["offset"]))
        if value is not None:
            out[name] = value
    return out


def decode_as(row, text):
    """Messages by their id and direction, records by name."""
    name = ("-m", row["message"]) if row["id"] is None else ()
    if row["direction"] in ("g2h", "h2g"):
        name = (*name, "-d", row["direction"])
    return run("decode", "-q", "-j", "-p", row["protocol"], *name, "-", stdin=text.encode())


class Encode(unittest.TestCase):
    def test_every_message_of_every_protocol_survives_the_way_there_and_back(self):
        # The control block of a ring is shared memory: it has a layout and no codec.
        all_rows = [row for row in layouts() if row["message"] != "control"]
        self.assertGreaterEqual(len(all_rows), 29 + 6 + 5)
        given = [{"protocol": row["protocol"], "message": row["message"],
                  "fields": fields_of(row)} for row in all_rows]
        code, out, err = run("encode", "-", stdin="\n".join(map(json.dumps, given)).encode())
        self.assertEqual((code, err), (0, ""))
        encoded = out.split("\n\n")
        self.assertEqual(len(encoded), len(given))
        for row, want, text in zip(all_rows, given, encoded):
            code, back, err = decode_as(row, text)
            self.assertEqual(code, 0, f"{row['message']}: {err}")
            fields = rows(back)[0]["fields"]
            self.assertEqual({k: fields.get(k) for k in want["fields"]}, want["fields"],
                             row["message"])
            self.assertEqual(rows(back)[0]["size"], len(bytes.fromhex(text)))

    def test_json_of_every_captured_file_encodes_to_the_bytes_of_the_file(self):
        files = sorted(glob.glob(os.path.join(VECTORS, "**", "*.hex"), recursive=True))
        self.assertEqual(len(files), 1589)
        code, out, err = run("decode", "-q", "-j", *files)
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(len(out.splitlines()), 1589)
        code, encoded, err = run("encode", "-", stdin=out.encode())
        self.assertEqual((code, err), (0, ""))
        for path, text in zip(files, encoded.split("\n\n")):
            with open(path, encoding="ascii") as stream:
                sections = re.split(r"^# ", stream.read(), flags=re.M)
            body = [s for s in sections if s.startswith(("HvPost", "channel m", "ring p"))][0]
            lines = [line.split(":")[1] for line in body.splitlines()[1:]]
            self.assertEqual(bytes.fromhex(text), bytes.fromhex("".join(lines)), path)

    def test_output_forms_agree(self):
        args = ("encode", "-p", "vmbus", "-m", "close_channel", '{"channel_id": 7}')
        plain = bytes.fromhex(run(*args)[1])
        self.assertEqual(raw(*args, "--raw"), plain)
        code, dump, _ = run(*args, "--dump")
        self.assertEqual(code, 0)
        self.assertTrue(dump.startswith("# vmbus close_channel, guest to host; 12 bytes\n0000: "))
        row = rows(run("decode", "-j", "-q", "-p", "vmbus", "-", stdin=dump.encode())[1])[0]
        self.assertEqual(row["fields"], {"channel_id": 7})

    def test_fields_come_from_files_too(self):
        path = file_of('{"channel_id": 7}')
        want = run("encode", "-p", "vmbus", "-m", "close_channel", '{"channel_id": 7}')[1]
        self.assertEqual(run("encode", "-p", "vmbus", "-m", "close_channel", "@" + path)[1], want)
        self.assertEqual(run("encode", "-p", "VMBUS", "-m", "CLOSE-CHANNEL", "-",
                             stdin=b'{"channel_id": 7}')[1], want)

    def test_values_have_names(self):
        out = run("encode", "-p", "vmbus", "-m", "open_channel_result",
                  '{"channel_id": 1, "status": "unsuccessful"}')[1]
        self.assertEqual(bytes.fromhex(out)[16:20], bytes.fromhex("ffff0080"))

    def test_packets_count_their_own_lengths(self):
        packet = {"transaction_id": 7, "flags": 1, "range_count": 1, "payload": "01020304",
                  "ranges": [{"byte_count": 0x400, "byte_offset": 0xe00, "pfns": [0x55, 0x56]}]}
        code, out, err = run("encode", "-p", "ring", "-m", "data_using_gpa_direct",
                             json.dumps(packet))
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(bytes.fromhex(out), bytes.fromhex(GPA_DIRECT))
        packet["length8"] = 9
        code, _, err = run("encode", "-p", "ring", "-m", "data_using_gpa_direct",
                           json.dumps(packet))
        self.assertEqual(code, 1)
        self.assertIn("length8", err)

    def test_errors_name_the_key(self):
        for fields, words in (
                ('{"channel_id": 3, "opn_id": 3}', ("opn_id", "did you mean 'open_id'?")),
                ('{"channel_id": -1}', ("channel_id", "negative")),
                ('{"channel_id": 4294967296}', ("channel_id", "u32")),
                ('{"channel_id": []}', ("channel_id", "number")),
                ('{"user_data": "0g"}', ("user_data", "hex")),
                ('{"user_data": "%s"}' % ("00" * 121), ("user_data", "more bytes")),
                ('{"channel_id": 1, "channel_id": 2}', ("channel_id", "duplicate")),
                ('[]', ("object",)), ('{', ("not JSON",))):
            code, out, err = run("encode", "-p", "vmbus", "-m", "open_channel", fields)
            self.assertEqual((code, out), (1, ""), fields)
            for word in words:
                self.assertIn(word, err)
        code, _, err = run("encode", "-p", "vmbus", "-m", "offer_channel", '{"channel_id": 2048}')
        self.assertEqual(code, 1)
        self.assertIn("'channel_id': 2048", err)
        code, _, err = run("encode", "-p", "vmbus", "-m", "open_channel", "-V", "5.3",
                           '{"channel_id": 1, "event_flag": 1}')
        self.assertEqual(code, 1)
        self.assertIn("signal_parameters", err)

    def test_wrong_usage_is_2(self):
        for args in ((), ("{}",), ("-p", "vmbus", "{}"), ("-p", "vmbus", "-m", "x", "{}"),
                     ("-p", "x", "-m", "x", "{}"), ("-p", "vmbus", "-m", "unload", "@/no/such"),
                     ("-p", "vmbus", "-m", "unload", "{}", "{}"), ("--frob", "{}")):
            self.assertEqual(run("encode", *args)[0], 2, args)
        self.assertIn("did you mean 'unload'?",
                      run("encode", "-p", "vmbus", "-m", "unlod", "{}")[2])


class Spec(unittest.TestCase):
    def test_layouts_equal_those_that_the_generator_reads_from_the_spec(self):
        dump = subprocess.run([os.path.join(ROOT, "tools/hvpgen/hvpgen"), "dump", "--json"],
                              stdout=subprocess.PIPE, check=True).stdout

        def by_name(items):
            return {(row["protocol"], row["message"]): row for row in items}
        want, have = by_name(json.loads(dump)), by_name(layouts())
        tables = {name for name, row in want.items() if row["id"] is not None}
        self.assertGreaterEqual(len(tables), 34)
        self.assertLessEqual(tables, set(have))
        for name, row in have.items():
            self.assertEqual(row, want[name])

    def test_layouts_have_the_members_that_are_promised(self):
        for row in layouts():
            self.assertEqual(list(row), ["protocol", "message", "id", "direction", "since",
                                         "size", "fields"])
            for field in row["fields"]:
                self.assertEqual(list(field), ["name", "offset", "size", "type"])

    def test_names_find_what_they_should(self):
        for name, words in (
                ("vmbus", ("offer_channel", "resume", "h2g")),
                ("open_channel", ("OPEN_CHANNEL (5)", "148 to 156", "user_data", "evidence")),
                ("OPEN-CHANNEL", ("OPEN_CHANNEL (5)",)),
                ("vmbus.5", ("OPEN_CHANNEL (5)",)),
                ("ring.descriptor", ("data_offset8", "length8")),
                ("vmbus.open_channel.target_vp", ("20", "u32", "VP that the host interrupts")),
                ("target_vp", ("open_channel.target_vp", "modify_channel.target_vp")),
                ("CORE-REQ-040", ("interrupt_mask", "OV-RING")),
                ("core-req-040", ("interrupt_mask",)),
                ("CORE-SEC-*", ("CORE-SEC-01", "CORE-SEC-58")),
                ("BUG-008", ("trigger", "right")),
                ("network", ("f8615163-df3e-46c5-913f-f2d2f965ed0e",))):
            code, out, err = run("spec", name)
            self.assertEqual((code, err), (0, ""), name)
            for word in words:
                self.assertIn(word, out, name)

    def test_json_of_one_name(self):
        message, = json.loads(run("spec", "unload", "--json")[1])
        self.assertEqual((message["id"], message["size"]), (16, 8))
        bug, = json.loads(run("spec", "--json", "BUG-008")[1])
        self.assertEqual(bug["id"], "BUG-008")

    def test_unknown_names_are_1_and_get_a_hint(self):
        code, out, err = run("spec", "ofer_channel")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("did you mean 'offer_channel'?", err)
        self.assertEqual(run("spec", "zzzzzz")[0], 1)
        self.assertEqual(run("spec", "a", "b")[0], 2)
        self.assertEqual(run("spec", "--frob")[0], 2)

    def test_layouts_need_no_data_files(self):
        code, out, err = run("spec", "open_channel", env={"HVPROTO_DATA": "/no/such/folder"})
        self.assertEqual((code, err), (0, ""))
        self.assertIn("user_data", out)


class Program(unittest.TestCase):
    def test_help_version_and_unknown_commands(self):
        code, out, _ = run("--help")
        self.assertEqual(code, 0)
        for word in ("decode", "encode", "spec", "conformance", "Exit status"):
            self.assertIn(word, out)
        self.assertRegex(run("--version")[1], r"^hvproto \d+\.\d+\.\d+\n$")
        self.assertEqual(run()[0], 2)
        code, _, err = run("decdoe")
        self.assertEqual(code, 2)
        self.assertIn("did you mean 'decode'?", err)

    def options(self, command):
        with open(os.path.join(ROOT, "tools/hvproto", f"cmd_{command}.c"),
                  encoding="utf-8") as stream:
            return re.findall(r'{ "([a-z-]+)", (?:no|required)_argument', stream.read())

    def test_help_man_page_and_completions_know_every_option(self):
        with open(os.path.join(ROOT, "docs/man/hvproto.1"), encoding="utf-8") as stream:
            page = stream.read()
        completion = os.path.join(ROOT, "tools/hvproto/completion")
        for command in ("decode", "encode", "spec"):
            options = self.options(command)
            self.assertGreaterEqual(len(options), 2)
            code, text, _ = run(command, "--help")
            self.assertEqual(code, 0)
            for option in options:
                self.assertIn("--" + option, text)
                self.assertRegex(page, rf"Fl -{option}\b")
                for name in ("hvproto.bash", "_hvproto"):
                    with open(os.path.join(completion, name), encoding="utf-8") as stream:
                        self.assertIn("--" + option, stream.read())

    def test_conformance_options_are_in_its_man_page_and_completions(self):
        code, text, _ = run("conformance", "--help")
        if code == 2:
            self.skipTest("built without the conformance runner")
        with open(os.path.join(ROOT, "docs/man/hvproto-conformance.1"),
                  encoding="utf-8") as stream:
            page = stream.read()
        with open(os.path.join(ROOT, "tools/hvproto/completion/hvproto.bash"),
                  encoding="utf-8") as stream:
            completion = stream.read()
        for option in sorted(set(re.findall(r"^ .*?--([a-z-]+)", text, re.M)) - {"help"}):
            self.assertRegex(page, rf"Fl -{option}\b")
            self.assertIn("--" + option, completion)

    def test_a_trace_of_a_conformance_case_decodes(self):
        if run("conformance", "--help")[0] == 2:
            self.skipTest("built without the conformance runner")
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "case.pcap")
            code, _, err = run("conformance", "run", "--trace", trace, "ring.send.gpa-direct")
            self.assertEqual((code, err), (0, ""))
            code, out, err = run("decode", "--quiet", "--json", trace)
        self.assertEqual((code, err), (0, ""))
        seen = [(row["protocol"], row["message"]) for row in rows(out)]
        for message in ("initiate_contact", "version_response", "open_channel_result"):
            self.assertIn(("vmbus", message), seen)
        self.assertEqual(seen.count(("ring", "data_using_gpa_direct")), 4)

    def complete(self, *words):
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_hvproto; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(
            ["bash", "-c", script, "bash",
             os.path.join(ROOT, "tools/hvproto/completion/hvproto.bash"), PROGRAM, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().split()

    def test_completion_in_bash(self):
        self.assertEqual(self.complete("de"), ["decode"])
        self.assertEqual(self.complete("decode", "--prot"), ["--protocol"])
        self.assertEqual(self.complete("decode", "--protocol", ""),
                         ["vmbus", "ring", "pipe", "nvsp", "rndis", "ndis", "vstor", "scsi"])
        self.assertIn("unload", self.complete("encode", "-p", "vmbus", "-m", "unl"))
        self.assertEqual(self.complete("conformance", "ex"), ["explain"])

    def test_colour_only_on_a_terminal(self):
        def on_terminal(**env):
            command = f"'{PROGRAM}' decode '{CONTACT}'"
            return subprocess.run(["script", "-qec", command, "/dev/null"],
                                  stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True,
                                  env={**os.environ, "TERM": "xterm", **env}).stdout
        os.environ.pop("NO_COLOR", None)
        self.assertIn(b"\033[1m", on_terminal())
        self.assertNotIn(b"\033[", on_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\033[", on_terminal(TERM="dumb"))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    with tempfile.TemporaryDirectory() as folder:
        TEMPORARY = type("Folder", (), {"name": folder})
        unittest.main()
