# SPDX-License-Identifier: BSD-2-Clause
"""Opens traces with the generated dissector in tshark and looks at what it shows.

The traces are written here from captured bytes of Linux drivers (tests/vectors), and from
messages that were spoilt on purpose. With --writer PROGRAM the mock host's own trace is opened
too. Exit status 77: there is no tshark.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

from trace_pcap import G2H, H2G, MESSAGE, NOTE, PACKET, POINTED, SIGNAL, blocks, pcap, record

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DISSECTOR = os.path.join(ROOT, "dissector", "hvproto.lua")
VECTORS = os.path.join(ROOT, "tests", "vectors", "linux")
WRITER = None   # writes a trace of the mock host
V53, V60 = 0x50003, 0x60000
OFFER = bytes.fromhex(      # chapter 10, worked example A.5: a keyboard on channel 3
    "0100000000000000" "6dad12f9172bea48bd65f927a61c7684" "67254bd3b6b9b94287780a4ec0b955bf"
    + "00" * 144 + "03000000" "ff000100" "03200000")


def vector(name):
    """The first block of a captured file that is no context."""
    path = glob.glob(os.path.join(VECTORS, name))[0]
    return next(data for caption, data in blocks(path) if data and "context" not in caption)


class Trace:
    """A pcap file, and what tshark shows of it: one run gives all fields of all records."""

    def __init__(self, *records, whole=None, script=DISSECTOR):
        self.script = script
        self.file = tempfile.NamedTemporaryFile(suffix=".pcap")
        self.file.write(whole or pcap(records))
        self.file.flush()
        self.packets = []
        for packet in ElementTree.fromstring(self.tshark("-T", "pdml")).iter("packet"):
            self.packets.append([(x.get("name"), x.get("show"), x.get("showname") or "")
                                 for x in packet.iter() if x.get("name")])

    def tshark(self, *args):
        command = ["tshark", "-X", "lua_script:" + self.script, "-r", self.file.name, *args]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        if "Lua Error" in done.stdout or "lua:" in done.stderr:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout

    def values(self, name):
        """Of each record, what the first field of that name shows; "" without one."""
        return [next((show for field, show, _ in packet if field == name), "")
                for packet in self.packets]

    def fields(self, *names):
        """Rows of values, one a record."""
        return list(zip(*(self.values(name) for name in names)))

    def count(self, name):
        return sum(field == name for packet in self.packets for field, _, _ in packet)

    def shown(self):
        """The line of each record's protocol, and all others below it."""
        return "\n".join(text for packet in self.packets for _, _, text in packet)

    def having(self, name):
        """Numbers of the records that have such a field, from 1."""
        return [n + 1 for n, packet in enumerate(self.packets)
                if any(field == name for field, _, _ in packet)]


class Messages(unittest.TestCase):
    def test_a_linux_contact_is_shown_with_its_fields(self):
        t = Trace(record(MESSAGE, G2H, vector("r5/0001-*.hex"), connection=4, aux=1))
        m = "hvp.vmbus.initiate_contact."
        self.assertEqual(t.fields("hvp.connection_id", m + "version_requested",
                                  m + "parent_to_child_monitor_page_gpa", m + "target_sint"),
                         [("0x00000004", "0x00050003", "0x00000000053f6000", "2")])
        self.assertIn("guest to host, INITIATE_CONTACT 5.3", t.shown())
        self.assertEqual(t.having("_ws.expert"), [])

    def test_a_contact_below_5_0_has_an_interrupt_page_from_there_a_sint(self):
        t = Trace(record(MESSAGE, G2H, vector("r3a/0011-*4.0.hex"), connection=1),
                  record(MESSAGE, G2H, vector("r3a/*-contact-5.0.hex"), connection=4))
        m = "hvp.vmbus.initiate_contact."
        self.assertEqual(t.fields(m + "interrupt_page_gpa", m + "target_sint"),
                         [("0x0000000006124000", ""), ("", "2")])

    def test_gpadl_and_open_of_a_linux_channel(self):
        t = Trace(record(MESSAGE, G2H, vector("r5/0016-*.hex"), version=V53),
                  record(MESSAGE, G2H, vector("r5/0018-*.hex"), version=V53))
        self.assertEqual(t.fields("hvp.vmbus.gpadl_header.gpadl_id",
                                  "hvp.vmbus.open_channel.ring_buffer_gpadl_id"),
                         [("0x000e1e10", ""), ("", "0x000e1e10")])
        self.assertEqual(t.count("hvp.vmbus.gpadl_header.ranges.item"), 9)

    def test_an_offer_names_its_device_and_later_packets_do_too(self):
        t = Trace(record(MESSAGE, H2G, OFFER, version=V60),
                  record(PACKET, G2H, bytes.fromhex("0600020003000100221100000000000061626364"
                                                    "65000000"), channel=3, version=V60))
        self.assertIn("(keyboard)", t.shown())
        self.assertEqual(t.fields("hvp.device"), [("",), ("keyboard",)])

    def test_every_captured_linux_message_is_shown_without_a_fault(self):
        records, version = [], 0
        for path in sorted(glob.glob(os.path.join(VECTORS, "r5", "*-vmbus-*.hex"))):
            way = G2H if "-g2h-" in path else H2G
            data = vector(os.path.relpath(path, VECTORS))
            records.append(record(MESSAGE, way, data, version=version))
            version = V53 if data[0] == 15 else version
        t = Trace(*records)
        self.assertGreater(len(records), 40)
        self.assertEqual(t.having("_ws.expert"), [])
        self.assertEqual(len(t.having("hvp.message")), len(records))


class Packets(unittest.TestCase):
    def test_every_captured_linux_packet_is_shown_without_a_fault(self):
        records = []
        for path in sorted(glob.glob(os.path.join(VECTORS, "r5", "*.hex"))):
            for caption, data in blocks(path):
                if caption.startswith("ring packet"):
                    way = G2H if "-g2h-" in path else H2G
                    records.append(record(PACKET, way, data, channel=2, version=V53))
                elif caption.startswith("GPA-direct range"):
                    records.append(record(POINTED, G2H, data, channel=2, aux=0x1000))
        t = Trace(*records)
        self.assertGreater(len(records), 100)
        for fault in ("short", "value", "unknown", "range", "direction", "gate"):
            self.assertEqual(t.having("hvp.fault." + fault), [], fault)
        self.assertTrue(t.having("hvp.ring.gpa_direct.range_count"))

    def test_ranges_of_a_gpa_direct_packet(self):
        data = bytes.fromhex("09000600070001000700000000000000" "0000000001000000"
                             "00040000000e0000" "5500000000000000" "5600000000000000"
                             "0102030400000000")
        t = Trace(record(PACKET, G2H, data, channel=3, version=V53))
        self.assertEqual(t.fields("hvp.ring.gpa_range.byte_offset", "hvp.ring.pfn",
                                  "hvp.payload"), [("0x00000e00", "0x0000000000000055",
                                                    "01:02:03:04:00:00:00:00")])

    def test_pipe_header_of_a_channel_in_pipe_mode(self):
        offer = OFFER[:56] + b"\x10" + OFFER[57:]
        good = bytes.fromhex("06000200040001002211000000000000" "0100000002000000"
                             "6869000000000000")
        bad = good[:20] + b"\x29" + good[21:]
        t = Trace(record(MESSAGE, H2G, offer, version=V60),
                  record(PACKET, G2H, good, channel=3, version=V60),
                  record(PACKET, G2H, bad, channel=3, version=V60))
        self.assertEqual(t.fields("hvp.pipe.data.len")[1:], [("2",), ("41",)])
        self.assertEqual(t.fields("hvp.pipe.data.data")[1], ("68:69",))
        self.assertEqual(t.having("hvp.fault.short"), [3])


NIC = bytes.fromhex("0100000000000000" "635161f83edfc546913ff2d2f965ed0e"
                    "67254bd3b6b9b94287780a4ec0b955bf" + "00" * 144 + "02000000" "ff000100" "02200000")
SUB = NIC[:180] + b"\x01" + NIC[181:184] + b"\x05" + NIC[185:]


def in_band(text, channel=2, way=G2H):
    """An NVSP message by its words, in a packet of its own."""
    body = bytes.fromhex(text.replace(" ", ""))
    body += bytes(-len(body) % 8)
    head = bytes.fromhex("06000200") + bytes([2 + len(body) // 8]) + bytes(11)
    return record(PACKET, way, head + body, channel=channel, version=V53)


def nic_run(run):
    """All packets of a captured NIC, and what they point to, behind an offer of it.

    Of repeated messages the captures keep one: so the answer to the last INIT is put back.
    """
    records = [record(MESSAGE, H2G, NIC, version=V53)]
    for path in sorted(glob.glob(os.path.join(VECTORS, run, "*2[gh]-netvsc-[!s]*.hex"))):
        for caption, data in blocks(path):
            way = G2H if "-g2h-" in path else H2G
            if caption.startswith("ring packet"):
                records.append(record(PACKET, way, data, channel=2, version=V53))
            elif caption.startswith(("GPA-direct range", "RNDIS", "send-buffer", "receive-buffer")):
                records.append(record(POINTED, way, data, channel=2, aux=0x1000))
        if path.endswith("nvsp-init-30002.hex"):
            records.append(in_band("02000000 ffffffff 22000000 01000000", way=H2G))
    return records


class Network(unittest.TestCase):
    """NVSP in the packets of a NIC, RNDIS in what they point to."""

    def test_every_captured_packet_of_a_nic_is_shown_as_nvsp_without_a_fault(self):
        for run, version in (("r5", "6.1"), ("r3b", "2")):
            records = nic_run(run)
            t = Trace(*records)
            for fault in ("short", "value", "unknown", "range", "direction", "gate"):
                self.assertEqual(t.having("hvp.fault." + fault), [], fault)
            shown = set(t.having("hvp.message"))
            self.assertLessEqual(set(t.having("hvp.packet")), shown)
            # in two places a frame lies apart from its header
            self.assertEqual(len(records) - len(shown), 2 if run == "r5" else 0)
            self.assertIn(": INIT " + version, t.shown())
        self.assertIn("bytes: NDIS_CONFIG", t.shown())
        self.assertIn(": INITIALIZE", t.shown())
        self.assertIn(": QUERY", t.shown())

    def test_fields_of_nvsp_and_rndis_can_be_filtered(self):
        t = Trace(*nic_run("r5"))
        self.assertIn("0xcafe", t.values("hvp.nvsp.receive_buffer.id"))
        self.assertIn("0xfc01020d", t.values("hvp.rndis.query.oid"))

    def test_a_message_before_its_version_is_marked(self):
        config = in_band("7d000000 ea050000 00000000 0800000000000000")
        for granted, gated in (("02000000", True), ("02000300", False), ("00000500", False)):
            t = Trace(record(MESSAGE, H2G, NIC, version=V53),
                      in_band("01000000" + granted * 2),
                      in_band("02000000 ffffffff 22000000 01000000", way=H2G), config)
            self.assertEqual(t.having("hvp.fault.gate"), [4] if gated else [], granted)
        self.assertIn("INIT 5", t.shown())

    def test_a_refused_version_does_not_count(self):
        t = Trace(record(MESSAGE, H2G, NIC, version=V53),
                  in_band("01000000 01000600 01000600"),
                  in_band("02000000 ffffffff 22000000 00000000", way=H2G),
                  in_band("85000000 01000000 01000000"))
        self.assertEqual(t.having("hvp.fault.gate"), [4])
        self.assertIn("SUB_CHANNEL needs 5", t.shown())

    def test_a_trace_that_begins_later_has_no_gates(self):
        t = Trace(record(MESSAGE, H2G, NIC, version=V53), in_band("85000000 01000000 01000000"))
        self.assertEqual(t.having("_ws.expert"), [])

    def test_a_sub_channel_has_the_version_of_its_device(self):
        t = Trace(record(MESSAGE, H2G, NIC, version=V53), record(MESSAGE, H2G, SUB, version=V53),
                  in_band("01000000 02000000 02000000"),
                  in_band("02000000 02000000 22000000 01000000", way=H2G),
                  in_band("81000000 01000000", channel=5), in_band("81000000 01000000", channel=2))
        self.assertEqual(t.having("hvp.fault.gate"), [5, 6])

    def test_an_unknown_id_and_a_message_that_is_cut(self):
        t = Trace(record(MESSAGE, H2G, NIC, version=V53), in_band("e7030000 00000000"),
                  in_band("6b000000 00000000"))
        self.assertEqual(t.having("hvp.fault.unknown"), [2])
        self.assertEqual(t.having("hvp.fault.short"), [3])
        self.assertIn("send_buffer_section_index needs 12 bytes, 8 are there", t.shown())

    def test_rndis_messages_one_behind_the_other(self):
        frame = "01000000 30000000 24000000 04000000" + "00" * 28 + "aabbccdd"
        two = bytes.fromhex((frame * 2).replace(" ", ""))
        t = Trace(record(MESSAGE, H2G, NIC, version=V53),
                  record(POINTED, G2H, two, channel=2), record(POINTED, G2H, two[:92], channel=2),
                  record(POINTED, G2H, b"\xaa\xbb\xcc\xdd" * 4, channel=2))
        self.assertEqual(t.count("hvp.rndis.packet.data_length"), 4)
        self.assertEqual(t.count("hvp.rndis.packet.data"), 3)
        self.assertEqual(t.having("_ws.expert"), [])
        self.assertIn("96 bytes at 0x0000000000000000: PACKET, PACKET", t.shown())

    def test_per_packet_information_is_shown_item_by_item(self):
        t = Trace(record(MESSAGE, H2G, NIC, version=V53), record(POINTED, G2H, bytes.fromhex(
            "01000000 50000000 48000000 00000000 00000000 00000000 00000000 24000000 20000000"
            "00000000 00000000" "10000000 00000000 0c000000 05000000"
            "10000000 06000000 0c000000 50000000".replace(" ", "")), channel=2))
        self.assertEqual(t.count("hvp.rndis.ppi.size"), 2)
        self.assertEqual(t.having("_ws.expert"), [])


class Faults(unittest.TestCase):
    def fault(self, data, way=H2G, kind=MESSAGE, version=V60):
        return Trace(record(kind, way, data, version=version)).values("_ws.expert.message")[0]

    def test_a_message_that_is_cut_short_says_what_is_missing(self):
        cuts = [OFFER[:size] for size in (0, 4, 8, 24, 60, 179, 189)]
        t = Trace(*(record(MESSAGE, H2G, data, version=V60) for data in cuts))
        self.assertEqual(len(t.having("hvp.fault.short")), len(cuts))
        self.assertEqual(self.fault(OFFER[:100]), "user_defined needs 180 bytes, 100 are there")

    def test_a_value_out_of_bounds_is_named_with_what_is_allowed(self):
        bad = OFFER[:184] + bytes(4) + OFFER[188:]
        self.assertEqual(self.fault(bad), "channel_id is 0, allowed are 1 to 2047")

    def test_an_unknown_id_a_wrong_direction_and_a_closed_gate(self):
        self.assertEqual(self.fault(b"\x2a" + bytes(7)), "No message has id 42")
        self.assertEqual(self.fault(OFFER, way=G2H), "A message of the other direction")
        self.assertEqual(self.fault(bytes.fromhex("1600000000000000" "0200000001000000"),
                                    way=G2H, version=0x40000), "MODIFY_CHANNEL needs 4.1")
        self.assertIn("feature", self.fault(b"\x1b" + bytes(7), way=G2H))

    def test_a_packet_whose_lengths_lie(self):
        for text, wanted in (
                ("06000200090001002211000000000000", "length8 says 72 bytes, 16 are there"),
                ("06000100020001002211000000000000", ""),
                ("06000300020001002211000000000000", "")):
            with self.subTest(packet=text):
                found = self.fault(bytes.fromhex(text), way=G2H, kind=PACKET)
                self.assertIn(wanted, found)
                self.assertNotEqual(found, "")

    def test_pages_that_do_not_fit_before_the_payload(self):
        data = bytes.fromhex("09000500060001000700000000000000" "0000000001000000"
                             "00040000000e0000" "5500000000000000" "0102030400000000")
        self.assertIn("do not fit", self.fault(data, way=G2H, kind=PACKET))

    def test_records_that_are_no_records(self):
        t = Trace(b"12", record(9, G2H, b""), record(NOTE, 0, b"hello"),
                  record(SIGNAL, G2H, b"", channel=3, connection=0x2003))
        self.assertEqual(t.having("_ws.expert"), [1, 2])
        self.assertIn("hello", t.shown())
        self.assertIn("signal channel 3", t.shown())


class Filters(unittest.TestCase):
    def test_display_filters_and_columns(self):
        t = Trace(record(MESSAGE, H2G, OFFER, version=V60),
                  record(MESSAGE, H2G, OFFER[:100], version=V60))
        text = t.tshark("-Y", "hvp.vmbus.offer_channel.flags.named_pipe_mode == 0 && "
                        "!hvp.fault.short")
        self.assertEqual(len(text.strip().split("\n")), 1)
        self.assertRegex(text, r"host +\S+ guest +VMBus 220 OFFER_CHANNEL channel 3")


class Forms(unittest.TestCase):
    """Forms of fields that the protocols of today do not have, by the emitters' test spec.

    Its tables are put where those of VMBus messages are, so that records of the trace are read
    by them.
    """

    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, os.path.join(ROOT, "tools", "hvpgen"))
        import protocol
        import reference
        mini = protocol.read(os.path.join(ROOT, "tools/hvpgen/tests/wire/mini.yaml"))
        text = next(iter(reference.dissector(ROOT, protocol.read, [mini]).values()))
        cls.file = tempfile.NamedTemporaryFile("w", suffix=".lua")
        cls.file.write(text.replace("ctx.proto = PROTOCOLS.vmbus", "ctx.proto = PROTOCOLS.mini"))
        cls.file.flush()

    def trace(self, *texts, way=G2H):
        return Trace(*(record(MESSAGE, way, bytes.fromhex(text), version=0x20000)
                       for text in texts), script=self.file.name)

    def test_text_enumeration_and_reserved_bytes(self):
        head = "01000000" "00000100"
        rest = "00" * 16 + "00" * 8
        t = self.trace(head + "0001" "68006900" "0000" + rest,
                       head + "0105" "68000000" "0001" + rest)
        self.assertEqual(t.fields("hvp.mini.hello.mode", "hvp.mini.hello.name"),
                         [("1", "hi"), ("5", "h")])
        self.assertEqual(t.having("hvp.fault.value"), [2])
        self.assertEqual(t.having("hvp.fault.reserved"), [2])
        self.assertIn("mode has no value 5", t.shown())

    def test_counted_records_and_their_bounds(self):
        one, two = "0010000000000000" "08000000", "0020000000000000" "0c000000"
        t = self.trace("02000000" "02000000" + one + two, "02000000" "03000000" + one, way=H2G)
        self.assertEqual(t.count("hvp.mini.range.start"), 2)
        self.assertIn("length is 12, no multiple of 8", t.shown())
        self.assertEqual(t.having("hvp.fault.short"), [2])

    def test_windows_and_lists_on_a_base(self):
        head = "03000000" "20000000" "02000000" "10000000" "10000000"
        infos = "0800000011000000" "0800000022000000"
        t = self.trace(head + infos + "6869", head + infos)
        self.assertEqual(t.values("hvp.mini.windows.text"), ["68:69", ""])
        self.assertEqual(t.count("hvp.mini.info.value"), 4)
        self.assertEqual(t.having("hvp.fault.range"), [2])

    def test_items_of_a_list_are_aligned(self):
        head = "03000000" "00000000" "00000000" "10000000" "14000000"
        t = self.trace(head + "0900000011000000" "00000000" "0800000022000000")
        self.assertEqual([show for field, show, _ in t.packets[0]
                          if field == "hvp.mini.info.value"], ["0x00000011", "0x00000022"])

    def test_a_list_that_stands_still_ends(self):
        head = "03000000" "00000000" "00000000" "10000000" "10000000"
        t = self.trace(head + "0000000011000000" "0800000022000000")
        self.assertEqual(t.count("hvp.mini.info.value"), 1)
        self.assertIn("size is 0, allowed are 8", t.shown())


class MockHost(unittest.TestCase):
    def test_a_trace_of_the_mock_host(self):
        if not WRITER:
            self.skipTest("no --writer given")
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            subprocess.run([WRITER, file.name], check=True)
            with open(file.name, "rb") as stream:
                t = Trace(whole=stream.read())
        text = t.shown()
        for wanted in ("SIMP = 0x", "SINT2 = 0x", "INITIATE_CONTACT 5.3", "REQUEST_OFFERS",
                       "OFFER_CHANNEL channel 1", "GPADL_CREATED channel 1 gpadl 0x11",
                       "OPEN_CHANNEL_RESULT channel 1", "signal channel 1",
                       "data_in_band channel 1 keyboard, id 0xffffffffffffffff, 8 bytes",
                       "POST_MESSAGE: INVALID_CONNECTION_ID", "that open was too short"):
            self.assertIn(wanted, text)
        self.assertEqual(len(t.having("hvp.fault.short")), 1)
        self.assertEqual(t.having("hvp.fault.unknown") + t.having("hvp.fault.direction"), [])


if __name__ == "__main__":
    if "--writer" in sys.argv:
        WRITER = sys.argv.pop(sys.argv.index("--writer") + 1)
        sys.argv.remove("--writer")
    if not shutil.which("tshark"):
        print("there is no tshark")
        sys.exit(77)
    unittest.main()
