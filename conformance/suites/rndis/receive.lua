-- SPDX-License-Identifier: BSD-2-Clause
-- PACKET messages from the host: chapter 20 sections 4.4, 4.6, 4.7.
local net = include "net.lua"

local failed = { one_of = { 2, 5 } }

-- One hostile frame: never delivered, always completed, and the next one is.
local function hostile(names, t)
  case("rndis.packet." .. t[1]) {
    level = "must", requires = names, bugs = { t.bug or "BUG-149" },
    doc = t.doc or "A packet message that contradicts itself gives no frame; its slot comes back.",
    run = function(host, guest)
      local n = net.up(host, guest)
      n:expect_done(n:deliver(net.frame(64, 7), t[2]), failed)
      guest:expect_no_event "net.rx"
      net.alive(guest, n)
    end,
  }
end

for _, t in ipairs {
  { "data-offset-35", { data_offset = 35 } }, { "data-offset-0", { data_offset = 0 } },
  { "data-offset-behind-the-end", { data_offset = 101 } },
  { "data-offset-huge", { data_offset = 0xfffffff8 } },
  { "data-length-one-too-many", { data_length = 65 } },
  { "data-length-eight-too-many", { data_length = 72 } },
  { "data-length-huge", { data_length = 0xffffffff } },
  { "data-wraps", { data_offset = 0x80000000, data_length = 0x80000040 } },
  { "data-length-0", { data_length = 0 } },
  { "frame-below-14", { data_length = 13 } },
  { "length-43", { length = 43 } }, { "length-7", { length = 7 } }, { "length-0", { length = 0 } },
  { "length-above-range", { length = 109 } }, { "length-huge", { length = 0xffffffff } },
} do
  t.bug = "BUG-148"
  hostile({ "NET-SEC-31", "NET-SEC-30", "NET-SEC-59", "NET-SEC-60" }, t)
end

local good = net.ppi(net.CSUM, 0x28)
for _, t in ipairs {
  { "ppi-offset-35", { ppis = good, ppi_offset = 35 } },
  { "ppi-offset-behind-the-end", { ppis = good, ppi_offset = 117 } },
  { "ppi-offset-huge", { ppis = good, ppi_offset = 0xfffffffc } },
  { "ppi-length-huge", { ppis = good, ppi_length = 0xffffffff } },
  { "ppi-list-wraps", { ppis = good, ppi_offset = 0x80000000, ppi_length = 0x80000010 } },
  { "ppi-length-4", { ppis = good, ppi_length = 4 } },
  { "ppi-length-cuts-element", { ppis = good, ppi_length = 15 } },
  { "ppi-size-0", { ppis = net.ppi(net.CSUM, 1, { size = 0 }) } },
  { "ppi-size-11", { ppis = net.ppi(net.CSUM, 1, { size = 11 }) } },
  { "ppi-size-above-list", { ppis = net.ppi(net.CSUM, 1, { size = 17 }) } },
  { "ppi-size-huge", { ppis = net.ppi(net.CSUM, 1, { size = 0xfffffff0 }) } },
  { "ppi-second-size-0", { ppis = good .. net.ppi(net.VLAN, 1, { size = 0 }) } },
  { "ppi-payload-in-its-header", { ppis = net.ppi(net.VLAN, 1, { offset = 4 }) } },
  { "ppi-payload-behind-it", { ppis = net.ppi(net.VLAN, 1, { offset = 13 }) } },
  { "ppi-payload-huge-offset", { ppis = net.ppi(net.VLAN, 1, { offset = 0xfffffffc }) } },
  { "ppi-payload-missing", { ppis = net.ppi(net.VLAN, "") } },
  { "ppi-unknown-size-0", { ppis = net.ppi(77, 1, { size = 0 }) } },
} do
  hostile({ "NET-SEC-32", "NET-SEC-33", "NET-SEC-34", "NET-REQ-067" }, t)
end

-- Odd and legal: the frame comes, with what is said of it.
local function odd(names, t)
  case("rndis.packet." .. t[1]) {
    level = "must", requires = names, bugs = t.bugs,
    doc = t.doc,
    run = function(host, guest)
      local n = net.up(host, guest)
      local f = net.frame(64, 7)
      local id = n:deliver(f, t[2])
      local want = net.merge({ data = f }, t[3])
      local e = guest:expect_event("net.rx", want)
      for _, name in ipairs(t.absent or {}) do check_eq(e[name], nil, name) end
      n:expect_done(id, 1)
    end,
  }
end

odd({ "NET-REQ-065", "NET-SEC-31" }, { "tail-ignored", { tail = pattern(333, 1) },
  doc = "Bytes behind the frame are no part of it." })
odd({ "NET-REQ-061", "NET-SEC-31" }, { "gap-before-the-frame", { gap = pattern(212, 1) },
  doc = "The frame lies where its offset says." })
odd({ "NET-REQ-061" }, { "frame-at-odd-place", { gap = "xyz" },
  doc = "The frame may begin at any byte." })
odd({ "NET-REQ-066" }, { "unknown-ppis-skipped",
  { ppis = net.ppi(3, u64(1)) .. net.ppi(77, "") .. net.ppi(11, 5) .. net.ppi(1, zeros(40)) },
  doc = "Unknown elements are skipped by their size.", absent = { "vlan", "csum" } })
odd({ "NET-REQ-066", "NET-SEC-33" }, { "ppi-payload-further-on",
  { ppis = u32(24) .. u32(net.VLAN) .. u32(20) .. u64(0) .. u32(0x645) }, { vlan = 0xa064 },
  doc = "The payload of an element lies where its own offset says." })
odd({ "NET-SEC-36" }, { "ppis-behind-the-frame", { ppi_offset = 36 + 64, ppi_length = 16,
  tail = net.ppi(net.VLAN, 0x645) }, { vlan = 0xa064 },
  doc = "The list may lie behind the frame." })
odd({ "NET-SEC-36" }, { "ppis-alias-the-frame", { ppi_offset = 36, ppi_length = 0 },
  doc = "An empty list is none, wherever it is said to be." })
odd({ "NET-SEC-32" }, { "empty-list-anywhere", { ppi_offset = 0xffffffff, ppi_length = 0 },
  doc = "The offset of a list without bytes means nothing." })
odd({ "NET-REQ-070", "NET-REQ-071" }, { "vlan", { vlan = 0x645 }, { vlan = 0xa064 },
  doc = "Priority is in the low bits, the id in the high bits of the tag." })
odd({ "NET-REQ-070" }, { "vlan-dei", { vlan = 0xfff8 }, { vlan = 0x1fff },
  doc = "The drop-eligible bit is bit 3, and bit 12 of a tag on the wire." })
odd({ "NET-REQ-108" }, { "vlan-all-ones", { vlan = 0xffffffff }, nil, absent = { "vlan" },
  doc = "All ones are no tag." })
odd({ "NET-REQ-066" }, { "no-checksum-information", {}, nil, absent = { "csum" }, bugs = { "BUG-175" },
  doc = "Without checksum information nothing is said of checksums." })
odd({ "NET-REQ-066" }, { "checksum-good", { csum = 0x28 }, { csum = 5 }, bugs = { "BUG-175" },
  doc = "Succeeded checksums of IP and TCP are told." })
odd({ "NET-REQ-066" }, { "checksum-bad", { csum = 0x05 }, { csum = 10 },
  doc = "Failed checksums are told." })
odd({ "NET-REQ-066" }, { "checksum-unknown", { csum = 0 }, { csum = 0 }, bugs = { "BUG-175" },
  doc = "Neither failed nor succeeded is unknown." })
odd({ "NET-REQ-066" }, { "hash", { hash = 0xdeadbeef, hash_info = 0x201 },
  { hash = 0xdeadbeef, hash_type = 0x201 }, bugs = { "BUG-155" },
  doc = "Hash value and its kind are two elements." })
odd({ "NET-REQ-066" }, { "all-elements", { csum = 0x28, vlan = 0x645, hash = 5, hash_info = 0x101 },
  { csum = 5, vlan = 0xa064, hash = 5, hash_type = 0x101 }, bugs = { "BUG-155" },
  doc = "Elements come in any number and order." })
odd({ "NET-SEC-60" }, { "smallest-and-largest", { tail = zeros(20) },
  doc = "A message may be longer than what is in it." })

case "rndis.packet.frame-of-14" {
  level = "must", requires = { "NET-SEC-60" },
  doc = "An Ethernet header alone is a frame.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:expect_done(n:deliver(net.frame(14)), 1)
    guest:expect_event("net.rx", { data = net.frame(14) })
  end,
}

case "rndis.packet.every-size" {
  level = "must", requires = { "NET-REQ-065" }, bugs = { "BUG-175" },
  doc = "Frames of all sizes arrive whole.",
  run = function(host, guest)
    local n = net.up(host, guest)
    for size = 14, 1514, 37 do
      n:expect_done(n:deliver(net.frame(size, size)), 1)
      guest:expect_event("net.rx", { data = net.frame(size, size) })
    end
  end,
}

-- Coalesced segments --------------------------------------------------------------------------------

local function part(bytes, flags, id)
  return net.rndis_packet(bytes, { ppis = net.ppi(net.PACKET_ID, u8(1) .. u8(flags) .. u16(id or 1)) })
end
local MULTI, FIRST, LAST = 1, 2, 4

local function rsc(host, guest) return (net.up(host, guest)) end

case "rndis.rsc.joined" {
  level = "must", requires = { "NET-REQ-072", "NET-SEC-37" },
  doc = "The parts of one coalesced frame in one packet become one frame.",
  run = function(host, guest)
    local n = rsc(host, guest)
    local f = net.frame(3000, 4)
    local id = n:send_messages({ part(f:sub(1, 1000), MULTI | FIRST), part(f:sub(1001, 2000), MULTI),
      part(f:sub(2001), MULTI | LAST) }, { data = true })
    guest:expect_event("net.rx", { data = f })
    n:expect_done(id, 1)
  end,
}

case "rndis.rsc.whole-frame-with-an-id" {
  level = "must", requires = { "NET-REQ-072" },
  doc = "Without the flag of several parts a message is a whole frame.",
  run = function(host, guest)
    local n = rsc(host, guest)
    local id = n:send_messages({ part(net.frame(90, 1), 0), part(net.frame(91, 2), MULTI | FIRST | LAST) },
                               { data = true })
    guest:expect_event("net.rx", { data = net.frame(90, 1) })
    guest:expect_event("net.rx", { data = net.frame(91, 2) })
    n:expect_done(id, 1)
  end,
}

for _, t in ipairs { { "no-first", { { MULTI }, { MULTI | LAST } } },
                     { "no-last", { { MULTI | FIRST }, { MULTI } } },
                     { "two-ids", { { MULTI | FIRST }, { MULTI | LAST, 2 } } },
                     { "first-twice", { { MULTI | FIRST }, { MULTI | FIRST }, { MULTI } } },
                     { "only-last", { { MULTI | LAST } } }, { "only-first", { { MULTI | FIRST } } } } do
  case("rndis.rsc." .. t[1]) {
    level = "must", requires = { "NET-SEC-37", "NET-REQ-072" },
    doc = "A coalesced frame with a part missing or out of order is dropped whole.",
    run = function(host, guest)
      local n = rsc(host, guest)
      local list = {}
      for i, p in ipairs(t[2]) do list[i] = part(net.frame(100, i), p[1], p[2]) end
      n:expect_done(n:send_messages(list, { data = true }), failed)
      guest:expect_no_event "net.rx"
      net.alive(guest, n)
    end,
  }
end

case "rndis.rsc.not-across-packets" {
  level = "must", requires = { "NET-REQ-072", "NET-SEC-37" },
  doc = "Parts in two packets are not joined.",
  run = function(host, guest)
    local n = rsc(host, guest)
    n:expect_done(n:send_messages({ part(net.frame(100, 1), MULTI | FIRST) }, { data = true }), failed)
    n:expect_done(n:send_messages({ part(net.frame(100, 2), MULTI | LAST) }, { data = true }), failed)
    guest:expect_no_event "net.rx"
    net.alive(guest, n)
  end,
}

case "rndis.rsc.too-many-parts" {
  level = "must", requires = { "NET-SEC-37" },
  doc = "More parts than 562 are not collected.",
  run = function(host, guest)
    local n = net.up(host, guest, { rx_pages = 16, receive_buffer = 4 << 20 }, { slot = 1806 })
    local s = 600 * n.rx.slot
    n:gpadl_write(n.rx.gpadl, s, part(net.frame(20, 1), MULTI | FIRST))
    n:gpadl_write(n.rx.gpadl, s + n.rx.slot, part(net.frame(20, 2), MULTI))
    n:gpadl_write(n.rx.gpadl, s + 2 * n.rx.slot, part(net.frame(20, 2), MULTI | LAST))
    local size = #part(net.frame(20, 1), 0)
    local ranges = { { s, size } }
    for _ = 1, 700 do ranges[#ranges + 1] = { s + n.rx.slot, size } end
    ranges[#ranges + 1] = { s + 2 * n.rx.slot, size }
    n:expect_done(n:deliver(net.frame(60), { ranges = ranges }), failed)
    guest:expect_no_event "net.rx"
    net.alive(guest, n)
  end,
}
