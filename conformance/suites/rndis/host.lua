-- SPDX-License-Identifier: BSD-2-Clause
-- The mock host's NIC against hostile RNDIS: chapter 20 sections 4, 5, 7.3; the attacks on OIDs
-- of CVE-2021-28476's and CVE-2016-2538's kind.
local net, raw = include "net.lua", include "rawnet.lua"

local NOT_SUPPORTED, INVALID = 0xc00000bb, 0xc0010015

case "rndis.host.initialize" {
  level = "must", side = "host", requires = { "NET-REQ-052", "NET-REQ-033" },
  doc = "INITIALIZE is answered by 52 bytes: success, version 1.0, 8 packets, alignment 3.",
  run = function(host, rg)
    local b = raw.up(host, rg).initialized
    check_eq(#b, 52, "size")
    for i, v in ipairs { 0x80000002, 52, 1, 0, 1, 0, 1, 0, 8, 0xefffffff, 3, 0, 0 } do
      check_eq(get_u32(b, 4 * (i - 1)), v, "word " .. i)
    end
  end,
}

case "rndis.host.second-initialize" {
  level = "must", side = "host", requires = { "NET-REQ-094" },
  doc = "A second INITIALIZE in one opening of the channel ends the service.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    g.tx:write(0, u32(2) .. u32(24) .. u32(9) .. u32(1) .. u32(0) .. u32(0x4000))
    g:request(g:pad(u32(107) .. u32(1) .. u32(0) .. u32(24)))
    g:expect_stopped()
  end,
}

case "rndis.host.keepalive-and-halt" {
  level = "must", side = "host", requires = { "NET-REQ-057", "NET-REQ-058" },
  doc = "KEEPALIVE is answered under its id; HALT has no reply.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g:control(u32(8) .. u32(12) .. u32(77)), 1, "KEEPALIVE")
    local b = g:rndis()
    check_eq(get_u32(b, 0), 0x80000008, "type")
    check_eq(get_u32(b, 8), 77, "request_id")
    check_eq(get_u32(b, 12), 0, "status")
    check_eq(g:control(u32(3) .. u32(12) .. u32(78)), 1, "HALT")
    g.ring:expect_no_packet()
  end,
}

for _, t in ipairs { { "frame-size", 0x00010106, u32(1500), "NET-REQ-073" },
                     { "link-speed", 0x00010107, u32(100000000), "NET-REQ-074" },
                     { "connected", 0x00010114, u32(0), "NET-REQ-076" },
                     { "medium", 0x00010103, u32(0), "NET-REQ-076" } } do
  case("rndis.host.value-" .. t[1]) {
    level = "must", side = "host", requires = { t[4] },
    doc = "What a host says of itself, in the units of the facts.",
    run = function(host, rg)
      local status, info = raw.up(host, rg):query(t[2])
      check_eq(status, 0, "status")
      check_eq(info, t[3], "value")
    end,
  }
end

case "rndis.host.value-structures" {
  level = "must", side = "host", requires = { "NET-REQ-075", "NET-REQ-077", "NET-REQ-082", "NET-REQ-109" },
  bugs = { "BUG-164" },
  doc = "Addresses, offloads of revision 3 and RSS capabilities with a table, in their sizes.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    for _, oid in ipairs { 0x01010101, 0x01010102 } do check_eq(#select(2, g:query(oid)), 6, "address") end
    local _, o = g:query(0xfc01020d, u8(0xa7) .. u8(3) .. u16(156) .. zeros(152))
    check_eq(#o, 156, "offloads")
    check_eq(o:sub(1, 4), u8(0xa7) .. u8(3) .. u16(156), "header")
    local _, r = g:query(0x00010203)
    check_eq(#r, 18, "RSS capabilities")
    check_ne(get_u16(r, 16), 0, "entries of the table")
  end,
}

-- OIDs that a guest has no business with, or that nobody knows.
for _, oid in ipairs { 0x00010270, 0x00010271, 0x0001026f, 0x00010263, 0x0001021a, 0x00010110 | 0x8000,
                       0, 0x7fffffff, 0xffffffff } do
  case(string.format("rndis.host.set-forbidden-%08x", oid)) {
    level = "must", side = "host", requires = { "NET-SEC-49", "NET-REQ-056" }, bugs = { "BUG-167" },
    doc = "A set of it is refused, whatever addresses are in it, and nothing is read through them.",
    run = function(host, rg)
      local g = raw.up(host, rg)
      for _, address in ipairs { 0, 0x41414141, 0x7fffffffffff, -8 } do
        check_ne(g:set(oid, u64(address) .. u64(address) .. u64(address) .. zeros(40)), 0, "status")
      end
      check_eq(g:query(oid), NOT_SUPPORTED, "status of a query")
      g:alive()
    end,
  }
end

-- Input that is not where it is said to be: refused or taken from inside, never from outside.
for _, t in ipairs { { "offset-huge", { offset = 0xfffffff0 } }, { "length-huge", { length = 0xffffffff } },
                     { "offset-and-length-wrap", { offset = 0x80000000, length = 0x80000010 } },
                     { "offset-behind-the-end", { offset = 25 } }, { "length-one-too-many", { length = 5 } } } do
  case("rndis.host.set-" .. t[1]) {
    level = "must", side = "host", requires = { "NET-SEC-47", "NET-REQ-055" }, bugs = { "BUG-167" },
    doc = "Input is taken from within the message only.",
    run = function(host, rg)
      local g = raw.up(host, rg)
      for _, oid in ipairs { 0x0001010e, 0xfc01020c, 0x00010204, 0x0001021b } do
        g.request_id = (g.request_id or 0) + 1
        local status = g:control(u32(5) .. u32(32) .. u32(g.request_id) .. u32(oid)
          .. u32(t[2].length or 4) .. u32(t[2].offset or 20) .. u32(0) .. u32(0x0d))
        if g.nic:nic_info().state == "stopped" then return end
        if status == 1 then check_eq(get_u32((g:rndis()), 8), g.request_id, "id of the reply") end
      end
      g:alive()
    end,
  }
end

local function rss(opts)
  local o = net.merge({ table_size = 16, table_at = 40, key_size = 40, key_at = 56, flags = 0,
                        hash = 0x1701, entries = { 0, 1, 2, 3 } }, opts)
  local s = u8(0x89) .. u8(2) .. u16(40) .. u16(o.flags) .. u16(0) .. u32(o.hash) .. u16(o.table_size)
    .. u16(0) .. u32(o.table_at) .. u16(o.key_size) .. u16(0) .. u32(o.key_at) .. zeros(12)
  local t = ""
  for _, e in ipairs(o.entries) do t = t .. u32(e) end
  if o.key_first then return s .. pattern(40, 6) .. t end
  return s .. t .. pattern(40, 6)
end

for _, t in ipairs {
  { "key-39", { key_size = 39 } }, { "key-0", { key_size = 0 } }, { "key-behind-the-end", { key_at = 57 } },
  { "key-offset-huge", { key_at = 0xfffffff0 } }, { "table-0", { table_size = 0 } },
  { "table-not-of-words", { table_size = 15 } }, { "table-behind-the-end", { table_at = 84 } },
  { "table-offset-huge", { table_at = 0xfffffff8 } }, { "table-size-huge", { table_size = 0xfffc } },
  { "entry-4-of-4", { entries = { 0, 1, 2, 4 } } }, { "entry-huge", { entries = { 0, 1, 2, 0xffffffff } } },
} do
  case("rndis.host.rss-" .. t[1]) {
    level = "must", side = "host", requires = { "NET-REQ-083", "NET-SEC-50" }, bugs = { "BUG-121", "BUG-122" },
    doc = "RSS parameters that cannot be are refused, and the NIC works on.",
    run = function(host, rg)
      local g = raw.up(host, rg, nil, { max_queues = 4 })
      check_eq(g:set(0x00010204, rss(t[2])), INVALID, "status")
      check(not g.nic:nic_info().rss, "RSS is off")
      g:alive()
    end,
  }
end

for _, t in ipairs { { "table-first", {} }, { "key-first", { key_first = true, key_at = 40, table_at = 80 } } } do
  case("rndis.host.rss-" .. t[1]) {
    level = "must", side = "host", requires = { "NET-REQ-084" },
    doc = "Key and table are taken from where their offsets say.",
    run = function(host, rg)
      local g = raw.up(host, rg, nil, { max_queues = 4 })
      check_eq(g:set(0x00010204, rss(t[2])), 0, "status")
      check(g.nic:nic_info().rss, "RSS is on")
      check_eq(g:set(0x00010204, rss { flags = 0x10 }), 0, "status")
      check(not g.nic:nic_info().rss, "RSS is off")
      g:alive()
    end,
  }
end

local function params(bytes, size, kind, revision)
  return (u8(kind or 0x80) .. u8(revision or 3) .. u16(size or 28) .. bytes .. zeros(24)):sub(1, 28)
end
for _, t in ipairs { { "too-short", params(""):sub(1, 19) }, { "empty", "" },
                     { "wrong-type", params("", 28, 0x81) }, { "size-above-input", params("", 29) },
                     { "size-below-20", params("", 19) } } do
  case("rndis.host.offload-" .. t[1]) {
    level = "must", side = "host", requires = { "NET-REQ-079", "NET-SEC-48" },
    doc = "Offload parameters that are none are refused as invalid data.",
    run = function(host, rg)
      local g = raw.up(host, rg)
      check_eq(g:set(0xfc01020c, t[2]), INVALID, "status")
      g:alive()
    end,
  }
end

case "rndis.host.offload-lso-v1" {
  level = "must", side = "host", requires = { "NET-REQ-080" },
  doc = "Large send version 1 cannot be switched on.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g:set(0xfc01020c, params(zeros(5) .. u8(2))), NOT_SUPPORTED, "status")
    g:alive()
  end,
}

case "rndis.host.offload-indicated" {
  level = "must", side = "host", requires = { "NET-REQ-081" }, bugs = { "BUG-163" },
  doc = "After a change the host tells what is on.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g:set(0xfc01020c, params(string.rep("\4", 5))), 0, "status")
    local b = g:rndis()
    check_eq(get_u32(b, 0), 7, "type")
    check_eq(get_u32(b, 8), 0x40020006, "status")
  end,
}

local function named(name, value, opts)
  local o = net.merge({ kind = 2, name_at = 20, name_size = 2 * #name, value_at = 20 + 2 * #name,
                        value_size = 2 * #value }, opts)
  local wide = function(s) return (s:gsub(".", "%0\0")) end
  return u32(o.name_at) .. u32(o.name_size) .. u32(o.kind) .. u32(o.value_at) .. u32(o.value_size)
    .. wide(name) .. wide(value)
end

case "rndis.host.parameter-unknown" {
  level = "must", side = "host", requires = { "NET-REQ-087" },
  doc = "A parameter that nobody knows is taken without effect.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g:set(0x0001021b, named("NoSuchThing", "1")), 0, "status")
    g:alive()
  end,
}

for _, t in ipairs { { "value-below-0", "*TCPChecksumOffloadIPv4", "/" },
                     { "name-offset-huge", "x", "1", { name_at = 0xfffffffe } },
                     { "name-size-huge", "x", "1", { name_size = 0xffffffff } },
                     { "value-offset-huge", "x", "1", { value_at = 0xfffffffe } },
                     { "value-size-huge", "x", "1", { value_size = 0x80000000 } },
                     { "name-of-256", string.rep("n", 128), "1" } } do
  case("rndis.host.parameter-" .. t[1]) {
    level = "must", side = "host", requires = { "NET-SEC-54" }, bugs = { "BUG-161" },
    doc = "Names and values outside the input, too long, or no numbers are refused.",
    run = function(host, rg)
      local g = raw.up(host, rg)
      check_eq(g:set(0x0001021b, named(t[2], t[3], t[4])), INVALID, "status")
      g:alive()
    end,
  }
end

-- Frames ---------------------------------------------------------------------------------------

local function bad_frame(t)
  case("rndis.host.frame-" .. t[1]) {
    level = "must", side = "host",
    requires = { "NET-REQ-035", "NET-REQ-059", "NET-REQ-060", "NET-REQ-067", "NET-SEC-31", "NET-SEC-32", "NET-SEC-33" },
    bugs = { "BUG-116" },
    doc = "A malformed packet is completed with status 2, none of its frames goes out, all else works.",
    run = function(host, rg)
      local g = raw.up(host, rg)
      check_eq(g:control(t[2], { kind = 0 }), 2, "NVSP status")
      check_eq(#g.nic:frames(), 0, "frames")
      g:alive()
    end,
  }
end

local function packet_of(opts) return net.rndis_packet(net.frame(64), opts) end
for _, t in ipairs {
  { "oob-offset", packet_of { oob_offset = 36 } }, { "oob-length", packet_of { oob_length = 4 } },
  { "oob-count", packet_of { oob_count = 1 } }, { "vc-handle", packet_of { vc = 1 } },
  { "data-length-0", packet_of { data_length = 0 } }, { "data-length-huge", packet_of { data_length = 0xffffffff } },
  { "data-offset-huge", packet_of { data_offset = 0xfffffff8 } },
  { "data-wraps", packet_of { data_offset = 0x80000000, data_length = 0x80000040 } },
  { "data-one-too-many", packet_of { data_length = 65 } }, { "data-eight-too-many", packet_of { data_length = 72 } },
  { "length-7", packet_of { length = 7 } }, { "length-0", packet_of { length = 0 } },
  { "length-43", packet_of { length = 43 } }, { "length-above-bytes", packet_of { length = 109 } },
  { "length-huge", packet_of { length = 0xffffffff } },
  { "ppi-size-0", packet_of { ppis = net.ppi(net.VLAN, 1, { size = 0 }) } },
  { "ppi-size-above-list", packet_of { ppis = net.ppi(net.VLAN, 1, { size = 17 }) } },
  { "ppi-list-huge", packet_of { ppis = net.ppi(net.VLAN, 1), ppi_length = 0xffffffff } },
  { "ppi-offset-huge", packet_of { ppis = net.ppi(net.VLAN, 1), ppi_offset = 0xfffffff0 } },
  { "ppi-payload-behind-it", packet_of { ppis = net.ppi(net.VLAN, 1, { offset = 13 }) } },
  { "tcp-offset-33", packet_of { ppis = net.ppi(net.CSUM, 1 | 4 | 33 << 16) } },
  { "tcp-offset-53-of-ipv6", packet_of { ppis = net.ppi(net.CSUM, 2 | 4 | 53 << 16) } },
  { "tcp-offset-behind-the-frame", packet_of { ppis = net.ppi(net.CSUM, 1 | 4 | 64 << 16) } },
  { "control-behind-it", packet_of() .. u32(4) .. u32(28) .. zeros(20) },
  { "junk-behind-it", packet_of() .. zeros(12) },
  { "good-then-bad", packet_of() .. packet_of { data_length = 0 } },
} do bad_frame(t) end

for count = 2, 8, 3 do
  case("rndis.host.frames-" .. count .. "-in-a-packet") {
    level = "must", side = "host", requires = { "NET-REQ-062", "NET-SEC-52", "NET-SEC-53" },
    doc = "Messages one after the other are all sent, and completed once.",
    run = function(host, rg)
      local g = raw.up(host, rg)
      local all = ""
      for i = 1, count do all = all .. net.rndis_packet(net.frame(60 + 4 * i, i)) end
      check_eq(g:control(all, { kind = 0 }), 1, "NVSP status")
      local frames = g.nic:frames()
      check_eq(#frames, count, "frames")
      for i, f in ipairs(frames) do check(f.bytes == net.frame(60 + 4 * i, i), "frame " .. i) end
    end,
  }
end

for kind = 0, 2 do
  case("rndis.host.channel-type-" .. kind) {
    level = "must", side = "host", requires = { "NET-REQ-032" },
    doc = "The RNDIS type decides, whatever the channel type says.",
    run = function(host, rg)
      local g = raw.up(host, rg)
      check_eq(g:control(packet_of(), { kind = kind }), 1, "NVSP status")
      check_eq(#g.nic:frames(), 1, "frames")
    end,
  }
end

-- By reference: the packet's own list of pages
local function by_reference(g, ranges)
  return g:ask(g:pad(u32(107) .. u32(0) .. u32(0xffffffff) .. u32(0)),
               { type = "gpa_direct", extra = gpa_direct(ranges) })
end

case "rndis.host.range-of-several-pages" {
  level = "must", side = "host", requires = { "NET-REQ-103" },
  doc = "A range with several page numbers is one run of bytes.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    local m, bytes = rg:alloc(2), net.rndis_packet(net.frame(1000, 3))
    m:write(4000, bytes)
    check_eq(get_u32(by_reference(g, { { 4000, #bytes, m.pfns } }), 4), 1, "status")
    check(g.nic:frames()[1].bytes == net.frame(1000, 3), "the frame")
  end,
}

case "rndis.host.header-in-two-ranges" {
  level = "must", side = "host", requires = { "NET-REQ-102" }, bugs = { "BUG-115" },
  doc = "A header that is divided over two ranges is completed with status 2.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    local m, bytes = rg:alloc(1), net.rndis_packet(net.frame(100, 3))
    m:write(0, bytes)
    check_eq(get_u32(by_reference(g, { { 0, 20, m.pfns }, { 20, #bytes - 20, m.pfns } }), 4), 2, "status")
    g:alive()
  end,
}

case "rndis.host.page-outside-memory" {
  level = "must", side = "host", requires = { "NET-SEC-23" }, bugs = { "BUG-116" },
  doc = "A page that the guest has not is not read: status 2.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(get_u32(by_reference(g, { { 0, 108, { 0xfffffffffff } } }), 4), 2, "status")
    g:alive()
  end,
}

case "rndis.host.filter-0" {
  level = "must", side = "host", requires = { "NET-REQ-085" },
  doc = "Filter 0 stops delivery, another starts it.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g:set(0x0001010e, u32(0)), 0, "status")
    g.nic:deliver(net.frame(60))
    g.ring:expect_no_packet()
    check_eq(g:set(0x0001010e, u32(9)), 0, "status")
    g.nic:deliver(net.frame(61))
    local b = g:rndis()
    check_eq(get_u32(b, 0), 1, "type")
    check_eq(get_u32(b, 12), 61, "data_length")
  end,
}

case "rndis.host.received-tag" {
  level = "must", side = "host", requires = { "NET-REQ-071", "NET-REQ-008", "NET-REQ-033", "NET-REQ-004", "NET-REQ-005" },
  doc = "The tag of a frame stands in its information; ids are below the number of slots.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    g.nic:deliver(net.frame(60), { vlan = 0xa064 })
    local b, k = g:rndis()
    check_eq(k.flags & 1, 1, "completion requested")
    check(k.id < g.nic:nic_info().receive_slots, "the transaction id")
    check_eq(get_u32(k.payload, 4), 0, "channel type")
    local at, found = 8 + get_u32(b, 28), nil
    local last = at + get_u32(b, 32)
    while at < last do
      if get_u32(b, at + 4) == net.VLAN then found = get_u32(b, at + get_u32(b, at + 8)) end
      at = at + get_u32(b, at)
    end
    check_eq(found, 0x645, "tag")
  end,
}

for _, kind in ipairs { 0, 6, 7, 9, 0x80000004, 0xffffffff } do
  case(string.format("rndis.host.message-%x", kind)) {
    level = "must", side = "host", requires = { "NET-SEC-55", "NET-SEC-30" },
    doc = "Messages that a host does not take do no harm: the service ends, or the packet fails.",
    run = function(host, rg)
      local g = raw.up(host, rg)
      g.tx:write(0, u32(kind) .. u32(28) .. pattern(20))
      g:request(g:pad(u32(107) .. u32(1) .. u32(0) .. u32(28)))
      host:run_for("10ms")
      if g.nic:nic_info().state == "stopped" then return end
      check_ne(get_u32(g.ring:expect().payload, 4), 1, "NVSP status")
    end,
  }
end

case "rndis.host.tcp-offset-unreadable" {
  level = "must", side = "host", requires = { "NET-SEC-51", "NET-REQ-069" }, bugs = { "BUG-166" },
  doc = "A large send whose TCP header is not all in the frame is completed with status 2.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g:control(net.rndis_packet(net.frame(64), { ppis = net.ppi(net.LSO, 1448 | 60 << 20 | 1 << 30) }),
                       { kind = 0 }), 2, "NVSP status")
    g:alive()
  end,
}

case "rndis.host.control-behind-a-frame" {
  level = "must", side = "host", requires = { "NET-REQ-063", "NET-SEC-52" }, bugs = { "BUG-116" },
  doc = "A packet that begins with a frame holds frames only.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g:control(packet_of() .. u32(8) .. u32(12) .. u32(7), { kind = 0 }), 2, "NVSP status")
    check_eq(#g.nic:frames(), 0, "frames")
    g:alive()
  end,
}

case "rndis.host.no-completion-flag" {
  level = "must", side = "host", requires = { "NET-SEC-58" }, bugs = { "BUG-116" },
  doc = "A frame that asks for no completion gets none, and none of an older id.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    g.tx:write(0, packet_of())
    g:request(g:pad(u32(107) .. u32(0) .. u32(0) .. u32(108)), { flags = 0 })
    g.ring:expect_no_packet()
  end,
}

case "rndis.host.link-flap" {
  level = "must", side = "host", requires = { "NET-REQ-090" },
  doc = "Between the two halves of a flap there are 5 seconds.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    g.nic:set_link(true)
    local b = g:rndis()
    check_eq(get_u32(b, 8), 0x4001000c, "status")
    local at = host:now()
    b = g:rndis("20s")
    check_eq(get_u32(b, 8), 0x4001000b, "status")
    check(host:now() - at >= 5 * 10000000, "time between them")
  end,
}

case "rndis.host.replies-wait-for-slots" {
  level = "must", side = "host", requires = { "NET-REQ-091", "NET-SEC-26", "NET-SEC-56" },
  doc = "When the 16 control slots are the guest's, replies wait, and come in order afterwards.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    local ids = {}
    for i = 1, 40 do
      check_eq(g:control(u32(8) .. u32(12) .. u32(1000 + i)), 1, "NVSP status")
    end
    for i = 1, 40 do
      local b, k = g:rndis(nil, true)
      check_eq(get_u32(b, 8), 1000 + i, "request_id")
      ids[#ids + 1] = k.id
      if #ids == 16 then
        for _, id in ipairs(ids) do g:complete(id) end
        ids = {}
      end
    end
  end,
}
