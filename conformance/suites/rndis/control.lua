-- SPDX-License-Identifier: BSD-2-Clause
-- RNDIS requests and their answers: chapter 20 sections 4.1 to 4.3, 5.2.
local net = include "net.lua"

local function up(host, guest, cfg) return (net.up(host, guest, nil, cfg)) end

case "rndis.initialize.bytes" {
  level = "must", requires = { "NET-REQ-052" }, bugs = { "BUG-157" },
  doc = "INITIALIZE has 24 bytes, version 1.0, and an id.",
  run = function(host, guest)
    local m = up(host, guest):messages "rndis.initialize"[1]
    check_eq(#m.bytes, 24, "size")
    check_eq(m.message_length, 24, "message_length")
    check_eq(m.major_version, 1, "major_version")
    check_eq(m.minor_version, 0, "minor_version")
    check_ne(m.request_id, 0, "request_id")
  end,
}

case "rndis.initialize.reply-of-48-bytes" {
  level = "must", requires = { "NET-REQ-053", "NET-SEC-30" },
  doc = "The reply of 48 bytes that one document knows is as good as that of 52.",
  run = function(host, guest)
    local n = net.nic(host)
    n:answer("rndis.initialize", nil, { truncate = 48, poke = { [4] = u32(48) } })
    guest:online()
    guest:net(n, "attach", { filter = 0x0d })
    guest:expect_event("net.attached", { status = 0 })
    net.alive(guest, n)
  end,
}

for _, t in ipairs { { "refused", { status = 0xc0000001 } },
                     { "short", nil, { truncate = 32, poke = { [4] = u32(32) } } },
                     { "length-above-range", nil, { poke = { [4] = u32(0x1000) } } },
                     { "length-0", nil, { poke = { [4] = u32(0) } } },
                     { "of-another-request", { request_id = 0x7fffffff } } } do
  case("rndis.initialize.reply-" .. t[1]) {
    level = "must", requires = { "NET-SEC-30", "NET-SEC-17", "NET-SEC-39" }, bugs = { "BUG-148" },
    doc = "Without a good reply to INITIALIZE there is no NIC, and the wait ends.",
    run = function(host, guest)
      local n = net.nic(host)
      n:answer("rndis.initialize", t[2], t[3])
      guest:online()
      guest:net(n, "attach")
      net.refused(guest, n)
    end,
  }
end

for _, t in ipairs { { "max-packets-0", "max_packets", 0 }, { "max-packets-huge", "max_packets", 0xffffffff },
                     { "alignment-0", "alignment", 0 }, { "alignment-7", "alignment", 7 },
                     { "alignment-32", "alignment", 32 }, { "alignment-huge", "alignment", 0xffffffff },
                     { "max-transfer-0", "max_transfer", 0 },
                     { "max-transfer-1580", "max_transfer", 1580 } } do
  case("rndis.initialize." .. t[1]) {
    level = "must", requires = { "NET-SEC-45" },
    doc = "Limits of the host, sane or not, lead to no impossible shift and to no endless wait.",
    run = function(host, guest)
      local n = net.nic(host, { [t[2]] = t[3] })
      guest:online()
      guest:net(n, "attach", { filter = 0x0d })
      local e = guest:expect_event("net.attached", nil, "60s")
      if e.status ~= 0 then return guest:expect_event "net.detached" end
      for i = 1, 12 do
        local r = guest:net(n, "send", { id = i, data = net.frame(61, i), more = i % 4 ~= 0 },
                            { may_fail = t[2] == "max_transfer" })
        if r ~= "ok" then return check(t[3] < 105, "the limit takes no frame of 105 bytes") end
      end
      guest:net(n, "flush")
      for i = 1, 12 do
        local f = n:expect_frame(net.frame(61, i))
        if t[2] == "max_packets" and t[3] == 0 then check_eq(f.count, 1, "frames a packet") end
        if t[2] == "alignment" and t[3] <= 7 then
          check_eq(f.at % (1 << t[3]), 0, "place of a message")
        end
      end
    end,
  }
end

case "rndis.request.offset-is-20" {
  level = "must", requires = { "NET-REQ-054", "NET-REQ-055" }, bugs = { "BUG-160" },
  doc = "Queries and sets state offset 20, also without input, and a length with all of the input.",
  run = function(host, guest)
    local n = up(host, guest)
    local seen = 0
    for _, m in ipairs(n.log) do
      if m.name == "rndis.query" or m.name == "rndis.set" then
        seen = seen + 1
        check_eq(m.info_buffer_offset, 20, "info_buffer_offset")
        check_eq(m.message_length, 28 + m.info_buffer_length, "message_length")
        check_eq(#m.bytes, m.message_length, "bytes given")
        check_eq(m.device_vc_handle, 0, "device_vc_handle")
      end
    end
    check(seen >= 4, "there were requests")
  end,
}

case "rndis.request.ids" {
  level = "must", requires = { "NET-SEC-39" },
  doc = "Ids of requests are not 0 and never the same for two under way.",
  run = function(host, guest)
    local n = up(host, guest)
    n:hold "rndis.query"
    for i = 1, 5 do guest:net(n, "query", { oid = 0x00010106 + i, size = 4, id = i }, { may_fail = true }) end
    host:run_for("10ms")
    local seen = {}
    for _, m in ipairs(n.held) do
      check_ne(m.request_id, 0, "request_id")
      check(not seen[m.request_id], "an id is used twice")
      seen[m.request_id] = true
    end
    check(#n.held > 0, "requests came")
  end,
}

case "rndis.request.in-one-range" {
  level = "should", requires = { "NET-REQ-101" }, bugs = { "BUG-115" },
  doc = "A control request is given in one range or one section.",
  run = function(host, guest)
    local n = up(host, guest)
    for _, m in ipairs(n.log) do
      if m.layer == "rndis" and m.packet.type == 9 then
        check_eq(get_u32(m.packet.extra, 4), 1, "ranges of " .. m.name)
      end
    end
  end,
}

case "rndis.query.answer" {
  level = "must", requires = { "NET-REQ-055", "NET-SEC-40" },
  doc = "The value comes from where its offset says, also with a gap before it.",
  run = function(host, guest)
    local n = up(host, guest)
    n:oid(0x0001010d, { status = 0, data = "vendor" })
    guest:net(n, "query", { oid = 0x0001010d, size = 64, id = 1 })
    guest:expect_event("net.oid_done", { id = 1, status = 0, data = "vendor" })
    n:respond("rndis.query", function(m)
      n:send_rndis(u32(0x80000004) .. u32(40) .. u32(m.request_id) .. u32(0) .. u32(6) .. u32(24)
                   .. zeros(8) .. "offset" .. zeros(2))
      return true
    end)
    guest:net(n, "query", { oid = 0x0001010d, size = 64, id = 2 })
    guest:expect_event("net.oid_done", { id = 2, status = 0, data = "offset" })
  end,
}

case "rndis.query.refused" {
  level = "must", requires = { "NET-REQ-056" },
  doc = "A refusal is reported with the host's status and no bytes.",
  run = function(host, guest)
    local n = up(host, guest)
    guest:net(n, "query", { oid = 0x00010270, size = 64, id = 1 })
    guest:expect_event("net.oid_done", { id = 1, status = 0xc00000bb, data = "" })
    net.alive(guest, n)
  end,
}

-- Replies that are not what they should be: the request ends by time-out, the NIC lives.
local function reply(m, t)
  return u32(t.type or 0x80000004) .. u32(t.message or 24 + 4) .. u32(t.id or m.request_id)
    .. u32(0) .. u32(t.length or 4) .. u32(t.offset or 16) .. pattern(4, 1)
end
local bad_replies = {
  { "offset-15", { offset = 15 } }, { "offset-0", { offset = 0 } },
  { "offset-behind-the-end", { offset = 17 } }, { "offset-huge", { offset = 0xfffffffc } },
  { "length-above-message", { length = 5 } }, { "length-huge", { length = 0xffffffff } },
  { "offset-and-length-wrap", { offset = 0x80000000, length = 0x80000010 } },
  { "message-length-23", { message = 23 } }, { "message-length-0", { message = 0 } },
  { "message-length-7", { message = 7 } }, { "message-above-range", { message = 29 } },
  { "message-length-huge", { message = 0xffffffff } },
  { "of-type-set", { type = 0x80000005 } }, { "of-type-initialize", { type = 0x80000002 } },
  { "of-another-request", { id = 0x55555555 } }, { "of-request-0", { id = 0 } },
}
for _, t in ipairs(bad_replies) do
  case("rndis.query.reply-" .. t[1]) {
    level = "must", requires = { "NET-SEC-39", "NET-SEC-40", "NET-SEC-30", "NET-SEC-59" },
    bugs = { "BUG-151", "BUG-148" },
    doc = "A reply that contradicts itself or answers nothing gives no value; the NIC works on.",
    run = function(host, guest)
      local n = up(host, guest)
      n:respond("rndis.query", function(m)
        n:send_rndis(reply(m, t[2]))
        return true
      end)
      guest:net(n, "query", { oid = 0x0001010c, size = 4, id = 9 })
      local e = guest:expect_event("net.oid_done", { id = 9 }, "60s")
      check_ne(e.status, 0, "status")
      check(not e.data:find("[^\0]"), "no bytes of the host are given as a value")
      n:auto "rndis.query"
      net.alive(guest, n)
    end,
  }
end

case "rndis.query.reply-longer-than-asked" {
  level = "must", requires = { "NET-SEC-39", "NET-SEC-40" }, bugs = { "BUG-151" },
  doc = "An answer larger than the caller's memory is cut to it.",
  run = function(host, guest)
    local n = up(host, guest)
    n:oid(0x0001010d, { status = 0, data = pattern(600, 2) })
    guest:net(n, "query", { oid = 0x0001010d, size = 16, id = 1 })
    local e = guest:expect_event("net.oid_done", { id = 1 })
    check(#e.data <= 16, "bytes given")
    net.alive(guest, n)
  end,
}

case "rndis.query.reply-shorter-than-before" {
  level = "must", requires = { "NET-SEC-41" },
  doc = "A short answer shows no bytes of the one before it.",
  run = function(host, guest)
    local n = up(host, guest)
    n:oid(0x0001010d, { status = 0, data = string.rep("\xee", 64) })
    guest:net(n, "query", { oid = 0x0001010d, size = 64, id = 1 })
    guest:expect_event("net.oid_done", { id = 1 })
    n:oid(0x0001010d, { status = 0, data = "ab" })
    guest:net(n, "query", { oid = 0x0001010d, size = 64, id = 2 })
    local e = guest:expect_event("net.oid_done", { id = 2 })
    check(e.data:sub(1, 2) == "ab" and not e.data:find("\xee", 1, true), "the answer")
  end,
}

case "rndis.query.no-answer" {
  level = "must", requires = { "NET-SEC-17" },
  doc = "A request without a reply ends; a reply that comes later is dropped.",
  run = function(host, guest)
    local n = up(host, guest)
    n:hold "rndis.query"
    guest:net(n, "query", { oid = 0x0001010c, size = 4, id = 3 })
    guest:expect_event("net.oid_done", { id = 3, status = 0xffffffff }, "120s")
    n:release "rndis.query"
    guest:expect_no_event "net.oid_done"
    n:auto "rndis.query"
    net.alive(guest, n)
  end,
}

case "rndis.query.two-replies" {
  level = "must", requires = { "NET-SEC-39", "NET-SEC-04" },
  doc = "Of two replies the second is nobody's.",
  run = function(host, guest)
    local n = up(host, guest)
    n:respond("rndis.query", function(m)
      m:answer({ status = 0, info = "one!" })
      m:answer({ status = 0, info = "two!" })
      return true
    end)
    guest:net(n, "query", { oid = 0x0001010c, size = 4, id = 3 })
    guest:expect_event("net.oid_done", { id = 3, data = "one!" })
    guest:expect_no_event "net.oid_done"
    n:auto "rndis.query"
    net.alive(guest, n)
  end,
}

case "rndis.query.replies-out-of-order" {
  level = "must", requires = { "NET-SEC-39" },
  doc = "Replies are matched by their id, in whatever order they come.",
  run = function(host, guest)
    local n = up(host, guest)
    n:hold "rndis.query"
    for i = 1, 3 do guest:net(n, "query", { oid = 0x0001010c, size = 4, id = i }) end
    host:run_for("10ms")
    if #n.held < 3 then skip("the target has one request under way at a time") end
    for i = 3, 1, -1 do n.held[i]:answer({ status = 0, info = u32(i) }) end
    host:run_for("10ms")
    for i = 1, 3 do check_eq(guest:events("net.oid_done", { id = i })[1].data, u32(i), "answer " .. i) end
  end,
}

case "rndis.query.completion-after-the-reply" {
  level = "must", requires = { "NET-REQ-088" },
  doc = "The reply may overtake the completion of the request.",
  run = function(host, guest)
    local n = up(host, guest)
    local late
    n:respond("nvsp.rndis_packet", function(m) late = m end)
    guest:net(n, "query", { oid = 0x00010114, size = 4, id = 3 })
    guest:expect_event("net.oid_done", { id = 3, status = 0 })
    n:tx_done(late, 1)
    n:auto "nvsp.rndis_packet"
    net.alive(guest, n)
  end,
}

case "rndis.request.failed-by-nvsp" {
  level = "must", requires = { "NET-REQ-104", "NET-SEC-17" },
  doc = "A request whose packet the host could not read ends with a failure.",
  run = function(host, guest)
    local n = up(host, guest)
    n:respond("nvsp.rndis_packet", function(m) n:tx_done(m, 2) end)
    n:ignore "rndis.query"
    guest:net(n, "query", { oid = 0x00010114, size = 4, id = 3 })
    guest:expect_event("net.oid_done", { id = 3, status = function(s) return s ~= 0 end }, "60s")
    n:auto "nvsp.rndis_packet"
    n:auto "rndis.query"
    net.alive(guest, n)
  end,
}

case "rndis.set.value-counted" {
  level = "must", requires = { "NET-REQ-054", "NET-REQ-085" }, bugs = { "BUG-160" },
  doc = "The filter is set by a message of 32 bytes whose length includes the value.",
  run = function(host, guest)
    local n = up(host, guest)
    n.cursor = #n.log
    guest:net(n, "filter", { value = 0x20 })
    n:expect("rndis.set", { oid = 0x0001010e, message_length = 32, info_buffer_length = 4,
                            info = u32(0x20) })
    guest:expect_event("net.filter_done", { status = 0 })
  end,
}

case "rndis.set.multicast" {
  level = "must", requires = { "NET-REQ-054" },
  doc = "The multicast list is 6 bytes an address; a host that knows none is no failure.",
  run = function(host, guest)
    local n = up(host, guest)
    local list = hex "01 00 5e 00 00 01 33 33 00 00 00 01"
    n.cursor = #n.log
    guest:net(n, "multicast", { data = list })
    n:expect("rndis.set", { oid = 0x01010103, info = list })
    guest:expect_event("net.oid_done", { status = 0 })
  end,
}

-- Values of the attach ------------------------------------------------------------------------------

for _, t in ipairs { { "mac-of-5-bytes", 0x01010101, "\1\2\3\4\5" },
                     { "mac-of-7-bytes", 0x01010101, "\1\2\3\4\5\6\7" },
                     { "mac-empty", 0x01010101, "" } } do
  case("rndis.attach." .. t[1]) {
    level = "must", requires = { "NET-SEC-42", "NET-REQ-075" },
    doc = "An address that is none ends the attach.",
    run = function(host, guest)
      local n = net.nic(host)
      n:oid(t[2], { status = 0, data = t[3] })
      guest:online()
      guest:net(n, "attach")
      net.refused(guest, n)
    end,
  }
end

case "rndis.attach.mac-refused" {
  level = "must", requires = { "NET-REQ-075" },
  doc = "Without a permanent address there is no NIC.",
  run = function(host, guest)
    local n = net.nic(host)
    n:oid(0x01010101, { status = 0xc00000bb, data = "" })
    guest:online()
    guest:net(n, "attach")
    net.refused(guest, n)
  end,
}

case "rndis.attach.values" {
  level = "must", requires = { "NET-REQ-074", "NET-REQ-075", "NET-REQ-076" },
  doc = "Address, link and speed are those of the host; 0 is connected.",
  run = function(host, guest)
    local n = net.nic(host, { link = false, link_speed = 250000 })
    guest:online()
    guest:net(n, "attach")
    guest:expect_event("net.attached", { status = 0, link = 0, link_speed = 250000, data = net.mac })
  end,
}

for _, t in ipairs { { "frame-size-of-2-bytes", 0x00010106, "\x40\x01" },
                     { "frame-size-0", 0x00010106, u32(0) }, { "frame-size-huge", 0x00010106, u32(0xffffffff) },
                     { "frame-size-of-8-bytes", 0x00010106, u64(100) },
                     { "link-of-1-byte", 0x00010114, "\1" }, { "link-empty", 0x00010114, "" },
                     { "link-of-8-bytes", 0x00010114, u64(1) },
                     { "speed-of-2-bytes", 0x00010107, "\1\2" }, { "speed-empty", 0x00010107, "" } } do
  case("rndis.attach." .. t[1]) {
    level = "must", requires = { "NET-SEC-42" },
    doc = "A value of the wrong size is not used; the NIC works with what it knows.",
    run = function(host, guest)
      local n = net.nic(host)
      n:oid(t[2], { status = 0, data = t[3] })
      guest:online()
      guest:net(n, "attach", { filter = 0x0d })
      guest:expect_event("net.attached", { status = 0, mtu = 1500 })
      net.alive(guest, n)
    end,
  }
end

for _, t in ipairs { { "wrong-type", net.offload { type = 0x80 } },
                     { "size-above-answer", net.offload { size = 4000 } },
                     { "size-below-112", net.offload { size = 111 } },
                     { "size-0", net.offload { size = 0 } },
                     { "revision-0", net.offload { revision = 0 } },
                     { "header-only", net.offload { bytes = 4 } }, { "cut", net.offload { bytes = 100 } },
                     { "empty", "" } } do
  case("rndis.offload.capabilities-" .. t[1]) {
    level = "must", requires = { "NET-REQ-078", "NET-SEC-44" },
    doc = "Capabilities that contradict themselves give no offload, or no NIC.",
    run = function(host, guest)
      local n = net.nic(host)
      n:oid(0xfc01020d, { status = 0, data = t[2] })
      guest:online()
      guest:net(n, "attach", { filter = 0x0d })
      local e = guest:expect_event("net.attached", nil, "60s")
      if e.status ~= 0 then return guest:expect_event "net.detached" end
      local r = guest:net(n, "send", { id = 1, data = net.frame(60), csum = 2 }, { may_fail = true })
      if r == "ok" then check(not n:expect_frame().ppi[net.CSUM], "no checksum is asked for") end
      net.alive(guest, n)
    end,
  }
end

for _, t in ipairs { { "revision-1", net.offload { revision = 1, size = 112, bytes = 112 } },
                     { "revision-2", net.offload { revision = 2, size = 144, bytes = 144 } },
                     { "revision-3", net.offload() },
                     { "longer-than-known", net.offload { revision = 4, size = 180 } .. zeros(24) },
                     { "bytes-behind-it", net.offload { revision = 1, size = 112 } } } do
  case("rndis.offload.capabilities-" .. t[1]) {
    level = "must", requires = { "NET-REQ-078" }, bugs = { "BUG-164" },
    doc = "Every revision is read as far as it is known.",
    run = function(host, guest)
      local n = net.nic(host)
      n:oid(0xfc01020d, { status = 0, data = t[2] })
      guest:online()
      guest:net(n, "attach", { filter = 0x0d })
      guest:expect_event("net.attached", { status = 0 })
      net.alive(guest, n)
    end,
  }
end

case "rndis.offload.query-and-set" {
  level = "must", requires = { "NET-REQ-078", "NET-REQ-109" },
  doc = "The query has a structure with its header filled; the set fits the version.",
  run = function(host, guest)
    local n = up(host, guest)
    local q = n:messages("rndis.query", { oid = 0xfc01020d })[1]
    check_eq(q.info:byte(1), 0xa7, "object type")
    check_eq(get_u16(q.info, 2), #q.info, "size in the header")
    local s = n:messages("rndis.set", { oid = 0xfc01020c })[1]
    check_eq(s.info:byte(1), 0x80, "object type of the parameters")
    check(#s.info >= 20, "size of the parameters")
    check_eq(get_u16(s.info, 2), #s.info, "size in their header")
  end,
}

-- Anything else a host may say ----------------------------------------------------------------------

for _, t in ipairs { { "type-0", 0 }, { "initialize", 2 }, { "query", 4 }, { "set", 5 }, { "halt", 3 },
                     { "reset-complete", 0x80000006 }, { "bus-message", 0xff000001 },
                     { "huge", 0xffffffff } } do
  case("rndis.message.unknown-" .. t[1]) {
    level = "must", requires = { "NET-SEC-11", "NET-REQ-009" },
    doc = "Messages that no host sends are dropped, and their packet is completed.",
    run = function(host, guest)
      local n = up(host, guest)
      n:expect_done(n:send_rndis(u32(t[2]) .. u32(32) .. pattern(24, 1)))
      net.alive(guest, n)
    end,
  }
end

for _, length in ipairs { 0, 1, 7, 8, 11, 0x7fffffff, 0xffffffff } do
  case("rndis.message.length-" .. (length > 0xffff and string.format("%x", length) or length)) {
    level = "must", requires = { "NET-SEC-29", "NET-SEC-59", "NET-SEC-30" }, bugs = { "BUG-148" },
    doc = "A message_length below its header or above its range is not believed, for any type.",
    run = function(host, guest)
      local n = up(host, guest)
      for _, kind in ipairs { 1, 7, 8, 0x80000002, 0x80000004, 0x80000005, 0x80000008 } do
        n:expect_done(n:send_rndis(u32(kind) .. u32(length) .. zeros(48), { data = kind == 1 }))
      end
      guest:expect_no_event "net.rx"
      net.alive(guest, n)
    end,
  }
end

for size = 0, 20, 4 do
  case("rndis.message.range-of-" .. size) {
    level = "must", requires = { "NET-SEC-29", "NET-SEC-30" }, bugs = { "BUG-148" },
    doc = "Messages cut off by their range are not read on into the next slot.",
    run = function(host, guest)
      local n = up(host, guest)
      for _, kind in ipairs { 1, 7, 0x80000004 } do
        local id = n:send_rndis(u32(kind) .. u32(28) .. u32(0x4001000c) .. zeros(40),
                                { range = { 2 * n.rx.slot, size } })
        n:expect_done(id)
      end
      guest:expect_no_event "net.link"
      net.alive(guest, n)
    end,
  }
end

case "rndis.message.all-types-random-bytes" {
  level = "must", requires = { "NET-SEC-11", "NET-REQ-009" }, bugs = { "BUG-148" },
  doc = "Whatever bytes follow the header of a message, each packet is completed once.",
  run = function(host, guest)
    local n = up(host, guest)
    for i = 1, 200 do
      local kind = ({ 1, 7, 8, 0x80000002, 0x80000004, 0x80000005, 0x80000008 })[1 + i % 7]
      n:expect_done(n:send_rndis(u32(kind) .. u32(8 + i % 90) .. pattern(90, i)))
    end
    guest:mark()
    net.alive(guest, n)
  end,
}

case "rndis.keepalive.is-answered" {
  level = "should", requires = { "NET-REQ-057", "NET-REQ-009" },
  doc = "KEEPALIVE goes both ways: the guest answers it under its id with success.",
  run = function(host, guest)
    local n = up(host, guest)
    for _, id in ipairs { 77, 0, 0xffffffff, 77 } do
      n:expect_done(n:send_rndis(u32(8) .. u32(12) .. u32(id)), 1)
      local m = n:expect("rndis.keepalive_complete", { message_length = 16, request_id = id,
                                                       status = 0 })
      check_eq(m.queue.queue, 0, "queue of the answer")
    end
    net.alive(guest, n)
  end,
}

case "rndis.keepalive.storm-leaves-room-for-requests" {
  level = "should", requires = { "NET-REQ-057", "NET-SEC-39" },
  doc = "A host that asks without end and acknowledges no answer does not stop the guest's own requests.",
  run = function(host, guest)
    local n = up(host, guest)
    n:respond("nvsp.rndis_packet", function(m)
      if get_u32(m.rndis, 0) ~= 0x80000008 then n:tx_done(m, 1) end
    end)
    for i = 1, 100 do n:expect_done(n:send_rndis(u32(8) .. u32(12) .. u32(i))) end
    guest:net(n, "query", { oid = 0x01010101, size = 6, id = 5 })
    guest:expect_event("net.oid_done", { id = 5, status = 0, data = net.mac })
    check(n:count "rndis.keepalive_complete" >= 1, "an answer")
    check(n:count "rndis.keepalive_complete" <= 100, "no more answers than questions")
  end,
}

for _, factor in ipairs { 8, 17, 31, 32, 0xffffffff } do
  case("rndis.initialize.alignment-out-of-reason-" .. factor) {
    level = "must", requires = { "NET-SEC-45" },
    doc = "A packet alignment out of reason is refused, or no frames share a packet.",
    run = function(host, guest)
      local n = net.nic(host, { alignment = factor })
      guest:online()
      guest:net(n, "attach", { filter = 0x0d })
      local e = guest:expect_event("net.attached", nil, "60s")
      if e.status ~= 0 then return end
      check_eq(e.max_packets, 1, "frames that may share a packet")
      for i = 1, 4 do guest:net(n, "send", { id = i, data = net.frame(90, i), more = i < 4 and 1 or 0 }) end
      for i = 1, 4 do check_eq(n:expect_frame(net.frame(90, i)).count, 1, "frames in the packet") end
    end,
  }
end

case "rndis.query.answer-larger-than-asked" {
  level = "must", requires = { "NET-SEC-41" },
  doc = "An answer that is larger than the caller's memory is cut, and the caller is told.",
  run = function(host, guest)
    local n = up(host, guest)
    guest:net(n, "query", { oid = 0x01010101, size = 4, id = 3 })
    local e = guest:expect_event("net.oid_done", { id = 3, status = 0x80000005 })
    check_eq(e.data, net.mac:sub(1, 4), "what fits")
    net.alive(guest, n)
  end,
}

for _, version in ipairs { 0x30002, 0x40000, 0x50000 } do
  case(string.format("rndis.offload.no-udp-below-5-%x", version)) {
    level = "should", requires = { "NET-REQ-078" },
    doc = "The short form of the offload parameters, up to version 4, asks nothing of UDP.",
    run = function(host, guest)
      local n = net.up(host, guest, { version = version })
      local m = n:expect("rndis.set", { oid = 0xfc01020c })
      local full = version >= 0x50000
      check(full and #m.info > 22 or #m.info == 22, "bytes: " .. #m.info)
      for _, at in ipairs { 6, 8 } do
        check_eq(m.info:byte(at + 1) ~= 0, full, "a wish for UDP at " .. at)
      end
    end,
  }
end

case "rndis.filter.zero-holds-before-its-answer" {
  level = "should", requires = { "NET-REQ-086" },
  doc = "Frames that come while the host still works on filter 0 are not given to the stack any more.",
  run = function(host, guest)
    local n = up(host, guest)
    n:hold "rndis.set"
    guest:net(n, "filter", { value = 0, id = 4 })
    n:expect("rndis.set", { oid = 0x0001010e })
    guest:mark()
    n:expect_done(n:deliver(net.frame(100, 3)))
    guest:expect_no_event("net.rx", "10ms")
    n:release "rndis.set"
    guest:expect_event("net.filter_done", { status = 0 })
  end,
}
