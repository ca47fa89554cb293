#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the conformance runner says and how it ends.

usage: runner_test.py HVC-RUN FOLDER-OF-BAD-DRIVERS MINIMAL.SO
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

RUNNER, BAD, MINIMAL = "", "", ""

GOOD = '''
case "%s" {
  level = "%s", requires = { "CORE-REQ-001" },
  doc = "A case for the test of the runner.",
  run = function(host, guest) %s end,
}
'''

SANITY = '''
case "core.sanity" {
  level = "must", requires = { "CORE-REQ-001" }, sanity = true, doc = "Sane.",
  run = function(host, guest) %s end,
}
'''


def case(name, body="check(true)", level="must"):
    return GOOD % (name, level, body)


class Runner(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def suite(self, text, file="area/file.lua"):
        """Write a suite file; returns the options that select these suites alone."""
        path = self.path("suites/" + file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return ["--suites", self.path("suites")]

    def run_it(self, *args, verb="run", status=None, target="minimal"):
        command = [RUNNER, verb, *args]
        if verb == "run" and target:
            command += ["--target", target]
        p = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if status is not None:
            self.assertEqual(p.returncode, status, p.stdout + p.stderr)
        return p

    def last_line(self, p):
        return p.stdout.rstrip("\n").rsplit("\n", 1)[-1]

    def results(self, *args, status=None, target="minimal"):
        out = self.path("out.json")
        p = self.run_it(*args, "--json", out, status=status, target=target)
        with open(out, encoding="utf-8") as f:
            return p, json.load(f)

    # --- exit codes and closing line ---

    def test_all_passed_is_0_and_the_closing_line_counts(self):
        p = self.run_it(*self.suite(case("a.one") + case("a.two")), status=0)
        self.assertEqual(self.last_line(p), "2 passed, 0 failed, 0 skipped")

    def test_a_failure_is_1(self):
        p = self.run_it(*self.suite(case("a.one", "check_eq(1, 2, 'sum')") + case("a.two")), status=1)
        self.assertEqual(self.last_line(p), "1 passed, 1 failed, 0 skipped")
        self.assertIn("sum: expected 2, found 1", p.stdout)
        self.assertRegex(p.stdout, r"area/file\.lua:5: sum")

    def test_a_skip_says_why_and_is_counted(self):
        p = self.run_it(*self.suite(case("a.one", "skip('no such chip')") + case("a.two")), status=0)
        self.assertIn("a.one: no such chip", p.stdout)
        self.assertEqual(self.last_line(p), "1 passed, 0 failed, 1 skipped")

    def test_wrong_usage_is_2(self):
        self.run_it(verb="walk", status=2)
        for args in (["--frobnicate"], ["--level", "maybe"], ["--shard", "3/2"], ["--shard", "x"],
                     ["--jobs", "0"], ["--seed", "-1"], ["--seed"], ["--seed", "1x"]):
            with self.subTest(args=args):
                self.run_it(*args, status=2)

    def test_help_is_0(self):
        self.assertIn("--shard", self.run_it("--help", status=0).stdout)

    # --- what is wrong with suites ---

    def load_error(self, text, message, line=2):
        p = self.run_it(*self.suite(text), status=2)
        self.assertRegex(p.stderr, r"area/file\.lua:%d: .*%s" % (line, message))

    def test_load_errors_name_file_and_line(self):
        self.load_error(case("a.one") + case("a.one"), "the name is taken by .*file.lua:2", 8)
        self.load_error(case("One"), "a name is lower-case words")
        self.load_error(case("a.one", level="shall"), "level is must, should or quirk")
        self.load_error(case("a.one").replace("CORE-REQ-001", "CORE-REQ-999"),
                        "unknown id 'CORE-REQ-999'")
        self.load_error(case("a.one").replace("A case for the test of the runner.", ""),
                        "doc is missing")
        self.load_error(case("a.one").replace('requires = { "CORE-REQ-001" },', ""),
                        "neither a requirement nor a bug")
        self.load_error(case("a.one").replace("run =", "ran ="), "unknown key 'ran'")
        self.load_error(case("a.one").replace("doc =", "side = 'left', doc ="),
                        "side is guest or host")
        self.load_error(case("a.one").replace("doc =", "limit = 'soon', doc ="), "no duration")

    def test_a_syntax_error_names_file_and_line(self):
        self.load_error("\n\ncase 'a.one' {{\n", "unexpected|expected", 4)

    def test_a_case_that_checks_nothing_is_broken(self):
        p, all_ = self.results(*self.suite(case("a.one", "local x = 1")), status=1)
        self.assertEqual(all_["cases"][0]["verdict"], "broken")
        self.assertIn("checks nothing", p.stdout)

    def test_an_error_in_a_case_is_broken_with_a_line(self):
        p, all_ = self.results(*self.suite(case("a.one", "check(true) nothing.there = 1")), status=1)
        self.assertEqual(all_["cases"][0]["verdict"], "broken")
        self.assertRegex(p.stdout, r"file\.lua:5")

    def test_a_fault_rule_that_never_acts_is_broken(self):
        p = self.run_it(*self.suite(case("a.one", "check(true) host:fail_post(5, 1)")), status=1)
        self.assertIn("never acted", p.stdout)

    def test_packets_of_another_channel_are_unrelated(self):
        body = """
            local nic = host:offer { interface = "network" }
            local disk = host:offer { interface = "scsi" }
            guest:online()
            guest:opened(nic)
            guest:opened(disk)
            nic:send_packet { payload = "of the first" }
            host:run_for("1ms")
            disk:send_packet { payload = "of the second" }
            guest:expect_event("packet", { channel = disk, data = "of the %s" }, "1ms")
        """
        self.run_it(*self.suite(case("a.one", body % "second")), status=0)
        p = self.run_it(*self.suite(case("a.one", body % "first")), status=1)
        self.assertIn("event packet: data: expected", p.stdout)

    def test_a_device_command_that_the_target_does_not_know_is_a_skip(self):
        body = """
          local nic = host:offer { interface = "network" }
          guest:online()
          guest:net(nic, "attach", { mtu = 1500 })"""
        p = self.run_it(*self.suite(case("a.one", body)), status=0)
        self.assertIn("does not support the command 'net.attach'", p.stdout)
        self.assertEqual(self.last_line(p), "0 passed, 0 failed, 1 skipped")

    def test_nvsp_rndis_and_ndis_have_codecs_in_lua(self):
        body = """
          local q = encode("rndis.query", { message_length = 28, request_id = 7, oid = 0x01010101,
                                            info_buffer_offset = 20 })
          check_eq(#q, 28, "size")
          check_eq(decode("rndis", q).oid, 0x01010101, "oid")
          check_eq(decode("nvsp", encode("nvsp.init", { protocol_version = 5 })).name, "init", "name")
          local m, name, fault = decode("nvsp", u32(1) .. u32(5))
          check(not m and name == "init" and fault, "a short message has a fault")
          check_eq(decode_as("ndis.object", hex "a7 03 9c 00").size, 156, "size of a structure")"""
        p = self.run_it(*self.suite(case("a.one", body)), status=0)
        self.assertEqual(self.last_line(p), "1 passed, 0 failed, 0 skipped")

    def test_a_callback_of_a_case_ends_with_the_case(self):
        one = case("a.one", "host:on_step(function() leak = (leak or 0) + 1 end) host:run_for('1ms') check(leak)")
        two = case("a.two", "local was = leak host:run_for('1ms') check_eq(leak, was, 'calls')")
        p = self.run_it(*self.suite(one + two), "--no-fork", "--seed", "1", status=0)
        self.assertEqual(self.last_line(p), "2 passed, 0 failed, 0 skipped")

    def test_the_hosts_own_nic_can_be_asked(self):
        body = """
          local nic = host:nic { max_queues = 4 }
          guest:online()
          check_eq(nic:nic_info().state, "closed", "state")
          check_eq(nic:counters().tx_frames, 0, "frames")
          check_eq(#nic:frames(), 0, "frames")
          check_ne(nic:deliver(zeros(60)), "OK", "delivery to a closed channel")"""
        p = self.run_it(*self.suite(case("a.one", body)), status=0)
        self.assertEqual(self.last_line(p), "1 passed, 0 failed, 0 skipped")

    def test_a_storage_controller_of_the_host_can_be_asked(self):
        body = """
          local c = host:storage { kind = "scsi", max_subs = 2, io_delay = "1ms" }
          local disk = host:unit { size = 1 << 20 }
          check_eq(c:attach(disk, { lun = 3 }), "OK", "attach")
          check_eq(c:attach(disk, { lun = 3 }), "ARG", "a place that is taken")
          disk:write(512, "abc")
          check_eq(disk:read(511, 5), "\\0abc\\0", "bytes")
          guest:online()
          check_eq(c:storage_info().state, "closed", "state")
          check_eq(c:sub(1), nil, "a sub-channel that was not offered")
          check_eq(c:detach { lun = 3 }, "OK", "detach")"""
        p = self.run_it(*self.suite(case("a.one", body)), status=0)
        self.assertEqual(self.last_line(p), "1 passed, 0 failed, 0 skipped")

    NIC = """
          local nic = host:nic { backend = "echo" }
          guest:online()
          %s
          guest:net(nic, "attach", { filter = 0x0d })
          %s"""

    def test_messages_of_the_hosts_own_nic_are_seen_in_order_and_with_their_fields(self):
        body = self.NIC % ("", """
          guest:expect_event("net.attached", { status = 0 })
          check_eq(nic:expect("nvsp.init", { protocol_version = 0x60001 }).dir, 1, "direction")
          check_eq(nic:expect("nvsp.init_complete").status, 1, "status")
          check_eq(nic:expect("rndis.query", { oid = 0x01010101 }).request_id > 0, true, "id")
          nic:expect_none("nvsp.init", "1ms")
          check_eq(nic:count("rndis.initialize_complete", { dir = 2, status = 0 }), 1, "count")
          check_eq(#nic:messages "rndis.halt", 0, "HALT")
          nic:mark()
          nic:expect("nvsp.init", nil, "1ms")""")
        p = self.run_it(*self.suite(case("a.one", body)), status=1, target="hvproto")
        self.assertIn("expected nvsp.init; there was nothing", p.stdout)

    def test_the_tap_holds_drops_and_replaces_messages(self):
        body = self.NIC % ("""
          nic:hold("rndis.query", { dir = "g2h", count = 1 })
          nic:replace("nvsp.send_buffer_complete", u32(105) .. u32(2) .. zeros(32), { count = 1 })
          nic:answer("nvsp.receive_buffer_complete", {}, { poke = { [4] = u32(1) } })""", """
          host:run_for "1s"
          check_eq(#nic:held(), 1, "held")
          check_eq(nic:held "rndis.query"[1].name, "rndis.query", "name")
          nic:release "rndis.query"
          host:run_for "15s"
          nic:expect("rndis.query_complete")
          check_eq(nic:nic_info().send_sections > 0, true, "the NIC took the send buffer")
          guest:expect_event("net.attached", { status = 0, section_size = 0 }, "60s")
          nic:drop("rndis.query_complete", { count = 1 })
          for id, status in ipairs { 0xffffffff, 0 } do
            guest:net(nic, "query", { oid = 0x01010101, size = 6, id = id })
            guest:expect_event("net.oid_done", { id = id, status = status }, "60s")
          end
          nic:release "rndis.query" """)
        p = self.run_it(*self.suite(case("a.one", body)), status=1, target="hvproto")
        self.assertIn("no rndis.query is held", p.stdout)

    def test_a_function_decides_about_each_message(self):
        body = self.NIC % ("""
          local seen = 0
          nic:respond("rndis.query_complete", function(m)
            seen = seen + 1
            check(m.request_id > 0, "fields")
            return m.bytes
          end)""", """
          guest:expect_event("net.attached", { status = 0 })
          check_eq(seen, nic:count "rndis.query_complete", "each was decided")
          nic:auto "rndis.query_complete"
          local before = seen
          guest:net(nic, "query", { oid = 0x01010101, size = 6, id = 1 })
          guest:expect_event("net.oid_done", { status = 0 })
          check_eq(seen, before, "as ever again")
          nic:hold "frames" """)
        p = self.run_it(*self.suite(case("a.one", body)), status=1, target="hvproto")
        self.assertIn("a NIC's messages are called nvsp.* and rndis.*", p.stdout)

    def test_a_message_for_a_slot_can_be_put_off(self):
        body = """
            local nic = host:offer { interface = "network" }
            guest:online()
            host:send_raw(host:encode("rescind_channel_offer", { channel_id = nic.id }),
                          { vp = %d, delay = "5ms" })
            guest:expect_no_event("rescind", "4ms")
            guest:expect_event("rescind", { channel = nic }, "2ms")
        """
        self.run_it(*self.suite(case("a.one", body % 0)), status=0)
        p = self.run_it(*self.suite(case("a.one", body % 9)), status=1)
        self.assertIn("no such virtual processor", p.stdout)

    def test_endless_lua_ends_in_a_verdict(self):
        p = self.run_it(*self.suite(case("a.one", "while true do end") + case("a.two")), status=1)
        self.assertIn("million Lua instructions", p.stdout)
        self.assertEqual(self.last_line(p), "1 passed, 1 failed, 0 skipped")

    def test_endless_virtual_time_ends_in_a_verdict(self):
        body = "while true do host:run_for('50s') end"
        p = self.run_it(*self.suite(case("a.one", body)), status=1)
        self.assertIn("600 s of virtual time", p.stdout)

    # --- selection ---

    MANY = "".join(case("m.case-%02d" % n, level=("must", "should", "quirk")[n % 3])
                   for n in range(20))

    def names(self, *args, status=0):
        p = self.run_it(*args, "--as-json", verb="list", status=status)
        return [c["name"] for c in json.loads(p.stdout)] if status == 0 else []

    def test_globs_levels_suites_and_ids_select(self):
        options = self.suite(self.MANY) + ["--no-shuffle"]
        self.suite(case("other.one").replace("requires", "bugs").replace("CORE-REQ-001", "BUG-001"),
                   "else/where.lua")
        self.assertEqual(len(self.names(*options)), 21)
        self.assertEqual(len(self.names(*options, "m.*")), 20)
        self.assertEqual(self.names(*options, "m.case-0[12]"), ["m.case-01", "m.case-02"])
        self.assertEqual(len(self.names(*options, "--level", "quirk")), 6)
        self.assertEqual(len(self.names(*options, "--suite", "area/file")), 20)
        self.assertEqual(self.names(*options, "--suite", "else"), ["other.one"])
        self.assertEqual(len(self.names(*options, "--suite", "m.*", "--suite", "other.*")), 21)
        self.assertEqual(self.names(*options, "--suite", "oth*"), ["other.one"])
        self.assertEqual(self.names(*options, "--bug", "BUG-001"), ["other.one"])
        self.assertEqual(len(self.names(*options, "--requirement", "CORE-REQ-*")), 20)

    def test_a_case_for_one_target_is_not_selected_for_others(self):
        text = case("a.all") + case("a.one").replace("level =", 'only = "hvproto", level =')
        p = self.run_it(*self.suite(text), status=0, target="hvproto")
        self.assertEqual(self.last_line(p), "2 passed, 0 failed, 0 skipped")
        p = self.run_it(*self.suite(text), status=0, target="minimal")
        self.assertEqual(self.last_line(p), "1 passed, 0 failed, 0 skipped")

    def test_an_empty_selection_is_an_error(self):
        options = self.suite(self.MANY)
        self.assertIn("no case matches 'nope.*'",
                      self.run_it(*options, "nope.*", "m.*", status=2).stderr)
        self.assertIn("selection is empty",
                      self.run_it(*options, "--suite", "nowhere", status=2).stderr)
        self.assertIn("selection is empty",
                      self.run_it(*options, "m.case-01", "--shard", "2/2", status=2).stderr)

    def test_shards_are_disjoint_and_their_union_is_the_whole(self):
        options = self.suite(self.MANY)
        seen = []
        for i in range(1, 4):
            _, all_ = self.results(*options, "--shard", "%d/3" % i, "--seed", str(i), status=0)
            seen += [c["name"] for c in all_["cases"]]
        self.assertEqual(sorted(seen), self.names(*options))

    def order(self, *args):
        p = self.run_it(*args, "-v", "--jobs", "1", status=0)
        return re.findall(r"^ok\s+(\S+)", p.stdout, re.M)

    def test_the_order_follows_from_the_seed(self):
        options = self.suite(self.MANY)
        self.assertEqual(self.order(*options, "--seed", "5"), self.order(*options, "--seed", "5"))
        self.assertNotEqual(self.order(*options, "--seed", "5"), self.order(*options, "--seed", "6"))
        self.assertEqual(self.order(*options, "--no-shuffle"), self.names(*options))
        p = self.run_it(*options, status=0)
        self.assertRegex(p.stdout, r"--seed \d+")

    def test_many_jobs_give_what_one_gives(self):
        options = self.suite(self.MANY + case("m.bad", "check(false)"))
        verdicts = []
        for jobs in ("1", "7"):
            _, all_ = self.results(*options, "--jobs", jobs, status=1)
            verdicts.append([(c["name"], c["verdict"]) for c in all_["cases"]])
        self.assertEqual(*verdicts)

    # --- expected failures ---

    def expected(self, text):
        with open(self.path("expected.txt"), "w", encoding="utf-8") as f:
            f.write(text)
        return ["--expected", self.path("expected.txt")]

    def test_an_expected_failure_is_as_expected(self):
        options = self.suite(case("a.one", "check(false)") + case("a.two"))
        p = self.run_it(*options, *self.expected("# why\na.one  the chip is slow\n"), status=0)
        self.assertIn("the chip is slow", p.stdout)
        self.assertEqual(self.last_line(p), "1 passed, 0 failed, 0 skipped")

    def test_an_unexpected_pass_fails(self):
        options = self.suite(case("a.one") + case("a.two"))
        p = self.run_it(*options, *self.expected("a.one  the chip is slow\n"), status=1)
        self.assertEqual(self.last_line(p), "1 passed, 1 failed, 0 skipped")

    def test_lists_must_not_rot(self):
        options = self.suite(case("a.one"))
        for text, message in (("a.none  gone\n", r"expected.txt:1: no case is called 'a.none'"),
                              ("\na.one\n", r"expected.txt:2: no reason is given"),
                              ("a.one x\na.one y\n", r"expected.txt:2: second entry")):
            p = self.run_it(*options, *self.expected(text), status=2)
            self.assertRegex(p.stderr, message)
        self.run_it(*options, "--expected", self.path("missing.txt"), status=2)

    # --- sanity ---

    def test_the_sanity_case_frames_the_run_and_counts_once(self):
        options = self.suite(SANITY % "check(true)" + self.MANY)
        order = self.order(*options)
        self.assertEqual((order[0], order[-1], len(order)), ("core.sanity", "core.sanity", 22))
        p = self.run_it(*options, "m.case-03", status=0)
        self.assertEqual(self.last_line(p), "2 passed, 0 failed, 0 skipped")

    def test_a_failed_sanity_case_stops_the_run(self):
        options = self.suite(SANITY % "check(false)" + self.MANY)
        p = self.run_it(*options, "--tap", self.path("t.tap"), status=1)
        self.assertIn("20 not run", p.stdout)
        with open(self.path("t.tap"), encoding="utf-8") as f:
            self.assertIn("Bail out!", f.read())

    # --- targets ---

    def bad(self, kind):
        return os.path.join(BAD, "bad_%s.so" % kind)

    def test_a_target_that_cannot_be_used_is_2_and_says_why(self):
        options = self.suite(case("a.one"))
        for kind, message in (("abi", "speaks version 99"), ("entry", "entry point .* is missing"),
                              ("symbol", r"exports no hvt_driver\(\)")):
            p = self.run_it(*options, target=self.bad(kind), status=2)
            self.assertRegex(p.stderr, message)
        self.assertIn("cannot load the target",
                      self.run_it(*options, target="./no/such.so", status=2).stderr)
        self.assertIn("built-in targets:", self.run_it(*options, target="nobody", status=2).stderr)

    def test_a_failed_set_up_is_broken(self):
        p, all_ = self.results(*self.suite(case("a.one")), target=self.bad("create"), status=1)
        self.assertEqual(all_["cases"][0]["verdict"], "broken")
        self.assertIn("create() failed", p.stdout)
        self.assertIn("no memory for the driver", p.stdout)

    def test_what_a_target_does_not_support_is_skipped_visibly(self):
        p = self.run_it(*self.suite(case("a.one", "guest:connect()")), target=self.bad("nothing"),
                        status=0)
        self.assertIn("does not support the command 'connect'", p.stdout)
        self.assertEqual(self.last_line(p), "0 passed, 0 failed, 1 skipped")

    def one_bad_case(self, kind, *more):
        options = self.suite(case("a.bad", "check(true) guest:connect()") + case("a.good"))
        p, all_ = self.results(*options, *more, target=self.bad(kind), status=1)
        self.assertEqual(self.last_line(p), "1 passed, 1 failed, 0 skipped")
        return all_["cases"][0]

    def test_a_crash_is_a_verdict_and_the_run_goes_on(self):
        c = self.one_bad_case("crash")
        self.assertEqual(c["verdict"], "crashed")

    def test_an_exit_is_a_verdict_and_the_run_goes_on(self):
        c = self.one_bad_case("exit")
        self.assertEqual((c["verdict"], c["reason"]),
                         ("crashed", "ended with status 3 before the case did"))

    def test_a_hang_is_a_verdict_and_the_run_goes_on(self):
        c = self.one_bad_case("hang", "--timeout", "1")
        self.assertEqual(c["verdict"], "timeout")

    def test_a_lost_page_fails_the_case(self):
        self.assertIn("lost 1 page", self.one_bad_case("leak")["reason"])

    def test_a_broken_rule_of_the_machine_fails_the_case(self):
        self.assertIn("broke a rule of the machine (gp)", self.one_bad_case("gp")["reason"])
        body = "check(true) guest:connect()"
        excused = case("a.bad", body).replace("doc =", "violations = { 'gp' }, doc =")
        self.run_it(*self.suite(excused), target=self.bad("gp"), status=0)

    def test_a_shared_object_runs_like_the_target_that_is_linked_in(self):
        p = self.run_it("core.*", target=MINIMAL, status=0)
        q = self.run_it("core.*", target="minimal", status=0)
        self.assertEqual(self.last_line(p), self.last_line(q))
        self.assertNotIn("0 passed", self.last_line(p))

    # --- reports ---

    def mixed(self):
        return self.suite(case("a.good") + case("a.bad", "note('<x> & \"y\"') check(false, '<&\"#')")
                          + case("a.skipped", "skip('why # not')")
                          + case("a.known", "check(false)")) + self.expected("a.known  slow # chip\n")

    def test_tap_is_version_14(self):
        out = self.path("out.tap")
        self.run_it(*self.mixed(), "--tap", out, status=1)
        with open(out, encoding="utf-8") as f:
            lines = f.read().splitlines()
        self.assertEqual(lines[:2], ["TAP version 14", "1..4"])
        points = [l for l in lines if re.match(r"(not )?ok ", l)]
        self.assertEqual([re.match(r"(?:not )?ok (\d+) - (\S+)", p).groups() for p in points],
                         [("1", "a.bad"), ("2", "a.good"), ("3", "a.known"), ("4", "a.skipped")])
        self.assertTrue(points[0].startswith("not ok"))
        self.assertTrue(points[2].startswith("not ok") and "# TODO slow \\# chip" in points[2])
        self.assertTrue(points[3].startswith("ok") and "# SKIP why \\# not" in points[3])
        at = lines.index(points[0])
        self.assertEqual(lines[at + 1], "  ---")
        self.assertIn("  ...", lines[at:])

    def test_junit_is_well_formed_and_counts(self):
        out = self.path("out.xml")
        self.run_it(*self.mixed(), "--junit", out, status=1)
        suite = ElementTree.parse(out).getroot().find("testsuite")
        self.assertEqual([suite.get(k) for k in ("tests", "failures", "errors", "skipped")],
                         ["4", "1", "0", "2"])
        failure = suite.find("testcase[@name='a.bad']/failure")
        self.assertEqual(failure.get("message"), '<&"#')
        self.assertIn('<x> & "y"', failure.text)
        self.assertEqual(suite.find("testcase[@name='a.skipped']/skipped").get("message"),
                         "why # not")

    def test_json_has_verdicts_transcripts_and_coverage(self):
        _, all_ = self.results(*self.mixed(), status=1)
        self.assertEqual({k: all_["summary"][k] for k in
                          ("passed", "failed", "skipped", "expected_failures", "cases")},
                         {"passed": 1, "failed": 1, "skipped": 1, "expected_failures": 1, "cases": 4})
        bad = all_["cases"][0]
        self.assertEqual((bad["name"], bad["verdict"], bad["reason"]), ("a.bad", "failed", '<&"#'))
        self.assertTrue(any(e["summary"] == '<x> & "y"' for e in bad["transcript"]))
        row = next(r for r in all_["requirements"] if r["id"] == "CORE-REQ-001")
        self.assertEqual(sorted(row["cases"]), ["a.bad", "a.good", "a.known", "a.skipped"])

    def test_a_report_on_standard_output_is_alone_there(self):
        p = self.run_it(*self.mixed(), "--tap", "-", status=1)
        self.assertTrue(p.stdout.startswith("TAP version 14\n"))
        json.loads(self.run_it(*self.mixed(), "--json", "-", status=1).stdout)

    def test_a_report_that_cannot_be_written_is_2(self):
        p = self.run_it(*self.suite(case("a.one")), "--tap", "/no/such/folder/x", status=2)
        self.assertIn("/no/such/folder/x", p.stderr)

    def records(self, path):
        """The records of a pcap file of our link type."""
        with open(path, "rb") as f:
            data = f.read()
        magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", data)
        self.assertEqual((magic, link), (0xa1b2c3d4, 147))
        found, at = [], 24
        while at < len(data):
            size = struct.unpack_from("<8xI", data, at)[0]
            self.assertLessEqual(at + 16 + size, len(data))
            found.append(data[at + 16:at + 16 + size])
            at += 16 + size
        return found

    def has_note(self, path, text):
        return any(r[1] == 5 and text in r for r in self.records(path))

    NOTED = 'note("this is %s") guest:online()'

    def test_a_trace_is_a_pcap_of_the_selected_case(self):
        suites = self.suite(SANITY % "note('framed') check(true)" +
                            case("a.one", self.NOTED % "one") + case("a.two", self.NOTED % "two"))
        for more in ([], ["--no-fork"]):
            with self.subTest(more=more):
                out = self.path("one.pcap")
                self.run_it(*suites, *more, "--trace", out, "a.one", status=0)
                self.assertTrue(self.has_note(out, b"this is one"))
                self.assertFalse(self.has_note(out, b"this is two"))
                self.assertFalse(self.has_note(out, b"framed"))
                self.assertGreater(sum(r[1] == 1 for r in self.records(out)), 3)

    def test_a_trace_of_several_cases_wants_a_folder(self):
        suites = self.suite(case("a.one", self.NOTED % "one") + case("a.two", self.NOTED % "two"))
        out = self.path("traces")
        p = self.run_it(*suites, "--trace", out, status=2)
        self.assertIn("2 are selected", p.stderr)
        self.assertFalse(os.path.exists(out))
        for folder in (out + "/", out):
            self.run_it(*suites, "--trace", folder, status=0)
            self.assertEqual(sorted(os.listdir(out)), ["a.one.pcap", "a.two.pcap"])
            self.assertTrue(self.has_note(out + "/a.one.pcap", b"this is one"))
            self.assertTrue(self.has_note(out + "/a.two.pcap", b"this is two"))

    def test_a_trace_on_standard_output_is_alone_there(self):
        suites = self.suite(case("a.one", self.NOTED % "one"))
        for more in ([], ["--no-fork"]):
            out = self.path("stdout.pcap")
            with open(out, "wb") as f:
                subprocess.run([RUNNER, "run", *suites, *more, "--target", "minimal", "--trace",
                                "-"], stdout=f, timeout=120, check=True)
            self.assertTrue(self.has_note(out, b"this is one"))

    def test_a_trace_that_cannot_be_written_is_2(self):
        suites = self.suite(case("a.one"))
        for path in ("none/x.pcap", "none/none/"):
            p = self.run_it(*suites, "--trace", self.path(path), status=2)
            self.assertIn("No such file", p.stderr)

    def test_a_crash_leaves_the_trace_of_what_led_to_it(self):
        out = self.path("crash.pcap")
        body = 'note("before it") check(true) host:offer { interface = "network" } guest:online()'
        _, all_ = self.results(*self.suite(case("a.one", body)), "--trace", out, status=1,
                               target=self.bad("crash"))
        self.assertEqual(all_["cases"][0]["verdict"], "crashed")
        self.assertTrue(self.has_note(out, b"before it"))

    def test_a_failure_names_the_message_and_field(self):
        body = ("local c = host:offer {} guest:online() guest:open(c) "
                "c:expect('gpadl_header', { range_count = 2 })")
        _, all_ = self.results(*self.suite(case("a.one", body)), status=1)
        c = all_["cases"][0]
        self.assertEqual(c["reason"], "gpadl_header.range_count at offset 18: expected 2, found 1")
        entry = c["transcript"][c["detail"]["entry"] - 1]
        self.assertEqual((entry["name"], c["detail"]["field"]), ("vmbus.gpadl_header", "range_count"))
        self.assertIn({"name": "range_count", "offset": 18, "size": 2, "value": "1"}, entry["fields"])

    def test_a_long_transcript_keeps_both_ends_and_its_marks(self):
        body = ("for i = 1, 1500 do note('n' .. i) end local c = host:offer {} guest:online() "
                "guest:open(c) c:expect('gpadl_header', { range_count = 2 })")
        _, all_ = self.results(*self.suite(case("a.one", body)), status=1)
        c = all_["cases"][0]
        lines = [e["summary"] for e in c["transcript"]]
        self.assertIn("n1", lines)
        self.assertNotIn("n700", lines)
        self.assertIn("n1500", lines)
        self.assertRegex(lines[400], r"^\d+ entries are left out here$")
        self.assertEqual(c["transcript"][c["detail"]["entry"] - 1]["name"], "vmbus.gpadl_header")

    # --- list and explain ---

    ATTACH = """
          local nic = host:nic { backend = "echo" }
          guest:online()
          guest:net(nic, "attach", { filter = 0x0d })
          guest:expect_event("net.attached", { status = 0 })
          guest:net(nic, "send", { data = zeros(60) })
          guest:expect_event "net.rx" """

    def test_a_transcript_names_the_messages_of_a_nic(self):
        _, report = self.results(*self.suite(case("a.one", self.ATTACH)), status=0, target="hvproto")
        lines = report["cases"][0]["transcript"]
        names = [(e["name"], e["direction"]) for e in lines]
        for name in (("nvsp.init", "g2h"), ("nvsp.init_complete", "h2g"), ("nvsp.ndis_config", "g2h"),
                     ("nvsp.rndis_packet", "h2g"), ("nvsp.rndis_packet_complete", "g2h"),
                     ("rndis.initialize", "g2h"), ("rndis.query_complete", "h2g"),
                     ("rndis.packet", "g2h"), ("rndis.packet", "h2g")):
            self.assertIn(name, names)
        init = lines[names.index(("nvsp.init", "g2h"))]
        field = {f["name"]: f for f in init["fields"]}["protocol_version"]
        at = 2 * field["offset"]
        self.assertEqual(init["hex"][at:at + 2 * field["size"]], "01000600")
        self.assertIn("oid=0x", lines[names.index(("rndis.query", "g2h"))]["summary"])

    def test_what_only_looks_like_a_message_of_a_nic_is_a_packet(self):
        body = """
          local other = host:offer { interface = "scsi" }
          guest:online()
          guest:opened(other)
          guest:send(other, u32(1) .. u32(2) .. u32(2) .. zeros(28))
          other:expect_packet {}"""
        _, report = self.results(*self.suite(case("a.one", body)), status=0)
        names = [e["name"] for e in report["cases"][0]["transcript"]]
        self.assertIn("ring.inband", names)
        self.assertNotIn("nvsp.init", names)

    def test_passed_cases_are_shortened_on_request_and_failed_ones_never(self):
        text = case("a.good", self.ATTACH) + case("a.bad", self.ATTACH + " fail('so')")
        lines = {}
        for which in ("full", "short"):
            _, report = self.results(*self.suite(text), "--transcripts", which, status=1,
                                     target="hvproto")
            for c in report["cases"]:
                lines[which, c["name"]] = c["transcript"]
        self.assertEqual(len(lines["full", "a.bad"]), len(lines["short", "a.bad"]))
        self.assertGreater(len(lines["full", "a.good"]), 100)
        self.assertEqual(len(lines["short", "a.good"]), 41)
        self.assertEqual([e["name"] for e in lines["short", "a.good"]].count("..."), 1)
        self.assertFalse([e for e in lines["short", "a.good"] if "hex" in e or e["kind"] == "signal"])
        self.run_it(*self.suite(text), "--transcripts", "some", status=2)

    def test_explain_shows_requirement_and_source(self):
        p = self.run_it(*self.suite(case("a.one")), "a.one", verb="explain", status=0)
        self.assertIn("CORE-REQ-001", p.stdout)
        self.assertIn('case "a.one" {', p.stdout)
        self.run_it(*self.suite(case("a.one")), verb="explain", status=2)

    def test_the_suites_of_this_tree_load(self):
        names = self.names()
        self.assertIn("core.sanity", names)
        self.assertEqual(names, sorted(set(names)))

    def test_no_colour_and_no_progress_when_not_on_a_terminal(self):
        p = self.run_it(*self.mixed(), status=1)
        self.assertNotIn("\033", p.stdout)
        self.assertNotIn("\r", p.stdout)


if __name__ == "__main__":
    RUNNER, BAD, MINIMAL = (os.path.abspath(a) for a in sys.argv[1:4])
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=1)
