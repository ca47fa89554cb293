-- SPDX-License-Identifier: BSD-2-Clause
-- Transfer pages, completions and in-band messages of a host: chapter 20 sections 1.2, 1.3, 3.10.
local net = include "net.lua"

local failed = { one_of = { 2, 5 } }

case "nvsp.receive.each-completed-once" {
  level = "must", requires = { "NET-REQ-009" }, bugs = { "BUG-128" },
  doc = "Each packet of frames is completed exactly once, with its own transaction id.",
  run = function(host, guest)
    local n = net.up(host, guest)
    for i = 1, 120 do
      local f = net.frame(60 + i * 11, i)
      local id = n:deliver(f)
      guest:expect_event("net.rx", { data = f })
      n:expect_done(id, 1)
    end
    n:expect_nothing_owed()
  end,
}

case "nvsp.receive.many-messages-in-a-packet" {
  level = "must", requires = { "NET-REQ-006", "NET-REQ-009" },
  doc = "Each range of a packet is one message; all frames come in order, and one completion goes.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local frames = {}
    for i = 1, 64 do frames[i] = net.frame(60 + i, i) end
    local id = n:deliver_all(frames)
    for i = 1, 64 do guest:expect_event("net.rx", { data = frames[i] }) end
    n:expect_done(id, 1)
  end,
}

local function bad_range(n, what)
  local size = n.rx.size
  if what == "begins-at-the-end" then return { { size, 128 } } end
  if what == "ends-behind-the-end" then return { { size - 64, 65 } } end
  if what == "wraps" then return { { 0xffffff80, 0x100 } } end
  if what == "count-huge" then return { { 0, 0xffffffff } } end
  if what == "offset-huge" then return { { 0xffffffff, 1 } } end
  if what == "empty" then return { { 0, 0 } } end
  if what == "shorter-than-a-header" then return { { 0, 7 } } end
end

for _, what in ipairs { "begins-at-the-end", "ends-behind-the-end", "wraps", "count-huge",
                        "offset-huge", "empty", "shorter-than-a-header" } do
  case("nvsp.receive.range-" .. what) {
    level = "must", requires = { "NET-SEC-10", "NET-SEC-11", "NET-REQ-009", "NET-SEC-29" },
    bugs = { "BUG-106" },
    doc = "A range outside the receive buffer, or too small, is not read; its packet is completed.",
    run = function(host, guest)
      local n = net.up(host, guest)
      local id = n:deliver(net.frame(60), { ranges = bad_range(n, what) })
      n:expect_done(id, failed)
      guest:expect_no_event "net.rx"
      net.alive(guest, n)
    end,
  }
end

case "nvsp.receive.range-ends-at-the-end" {
  level = "must", requires = { "NET-SEC-10" }, bugs = { "BUG-106" },
  doc = "A range that ends with the last byte of the buffer is inside it.",
  run = function(host, guest)
    local n = net.up(host, guest, { receive_buffer = 1 << 20 }, { slot = 4096 })
    local f = net.frame(1500, 9)
    local message = net.rndis_packet(f)
    local at = n.rx.size - #message
    n:gpadl_write(n.rx.gpadl, at, message)
    local id = n:deliver(f, { range = { at, #message } })
    guest:expect_event("net.rx", { data = f })
    n:expect_done(id, 1)
  end,
}

case "nvsp.receive.bad-range-among-good" {
  level = "should", requires = { "NET-SEC-10", "NET-SEC-11" }, bugs = { "BUG-106" },
  doc = "One impossible range does not take the frames of the others with it.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local a, b = net.rndis_packet(net.frame(60, 1)), net.rndis_packet(net.frame(61, 2))
    n:gpadl_write(n.rx.gpadl, 40 * n.rx.slot, a)
    n:gpadl_write(n.rx.gpadl, 41 * n.rx.slot, b)
    local id = n:deliver_all({ net.frame(60, 1) }, { ranges = {
      { 40 * n.rx.slot, #a }, { n.rx.size - 1, 100 }, { 41 * n.rx.slot, #b } } })
    guest:expect_event("net.rx", { data = net.frame(60, 1) })
    guest:expect_event("net.rx", { data = net.frame(61, 2) })
    n:expect_done(id, failed)
    net.alive(guest, n)
  end,
}

case "nvsp.receive.ranges-in-one-slot" {
  level = "must", requires = { "NET-SEC-10" }, bugs = { "BUG-106" },
  doc = "Two ranges may name the same bytes: each is a message.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local f = net.frame(80, 3)
    local m = net.rndis_packet(f)
    n:gpadl_write(n.rx.gpadl, 40 * n.rx.slot, m)
    local id = n:deliver(f, { ranges = { { 40 * n.rx.slot, #m }, { 40 * n.rx.slot, #m } } })
    guest:expect_event("net.rx", { data = f })
    guest:expect_event("net.rx", { data = f })
    n:expect_done(id, 1)
  end,
}

-- The extra header, as the host lies about it
local function extra(n, what)
  local one = u32(100) .. u32(40 * n.rx.slot)
  local head = u16(n.rx.id) .. u16(0)
  if what == "more-ranges-than-room" then return head .. u32(2) .. one end
  if what == "ranges-announced-huge" then return head .. u32(0xffffffff) .. one end
  if what == "range-count-wraps" then return head .. u32(0x20000001) .. one end
  if what == "no-ranges" then return head .. u32(0) end
end

for _, what in ipairs { "more-ranges-than-room", "ranges-announced-huge", "range-count-wraps",
                        "no-ranges" } do
  case("nvsp.receive." .. what) {
    level = "must", requires = { "NET-SEC-07", "NET-SEC-09", "NET-SEC-11" }, bugs = { "BUG-106" },
    doc = "The number of ranges is bounded by where the payload begins, not by the host's word.",
    run = function(host, guest)
      local n = net.up(host, guest)
      n:deliver(net.frame(60), { extra = extra(n, what) })
      guest:expect_no_event "net.rx"
      net.alive(guest, n)
    end,
  }
end

case "nvsp.receive.no-header" {
  level = "must", requires = { "NET-SEC-07", "NET-SEC-11" }, bugs = { "BUG-106" },
  doc = "Transfer pages without their header are dropped, or end the channel; nothing is read.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:deliver(net.frame(60), { extra = "" })
    guest:expect_no_event "net.rx"
    if guest:count_events "net.error" == 0 then net.alive(guest, n) end
  end,
}

case "nvsp.receive.room-for-more-ranges" {
  level = "must", requires = { "NET-SEC-09" },
  doc = "The header may have room for more ranges than there are.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local f = net.frame(90, 4)
    local m = net.rndis_packet(f)
    n:gpadl_write(n.rx.gpadl, 40 * n.rx.slot, m)
    local id = n:deliver(f, { extra = u16(n.rx.id) .. u16(0xffff) .. u32(1) .. u32(#m)
      .. u32(40 * n.rx.slot) .. u32(0xffffffff) .. u32(0xffffffff) })
    guest:expect_event("net.rx", { data = f })
    n:expect_done(id, 1)
    check_eq(guest:count_events("net.rx"), 1, "frames")
  end,
}

case "nvsp.receive.wrong-set" {
  level = "must", requires = { "NET-SEC-08", "NET-REQ-009" },
  doc = "A packet of another transfer page set is not read, and is completed.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local id = n:deliver(net.frame(60), { set_id = n.rx.id ~ 0x0101 })
    n:expect_done(id, failed)
    guest:expect_no_event "net.rx"
    net.alive(guest, n)
  end,
}

for _, t in ipairs { { "empty", "" }, { "type-only", u32(107) }, { "of-type-0", zeros(40) },
                     { "of-type-108", u32(108) .. u32(1) .. zeros(32) },
                     { "of-type-huge", string.rep("\xff", 40) } } do
  case("nvsp.receive.message-" .. t[1]) {
    level = "must", requires = { "NET-SEC-01", "NET-REQ-009" }, bugs = { "BUG-107" },
    doc = "Transfer pages whose NVSP message is not a whole 107 are not delivered.",
    run = function(host, guest)
      local n = net.up(host, guest)
      local id = n:deliver(net.frame(60), { nvsp = t[2] })
      if #t[2] >= 8 then n:expect_done(id, failed) end
      guest:expect_no_event "net.rx"
      net.alive(guest, n)
    end,
  }
end

case "nvsp.receive.message-of-28-or-64" {
  level = "must", requires = { "NET-SEC-01" },
  doc = "The NVSP message in front of frames may be shorter or longer than the version's size.",
  run = function(host, guest)
    local n = net.up(host, guest)
    for _, size in ipairs { 16, 28, 64, 112 } do
      local f = net.frame(70 + size, size)
      local id = n:deliver(f, { nvsp = u32(107) .. u32(0) .. u32(0xffffffff) .. u32(0)
                                .. zeros(size - 16) })
      guest:expect_event("net.rx", { data = f })
      n:expect_done(id, 1)
    end
  end,
}

case "nvsp.receive.filter-0" {
  level = "must", requires = { "NET-REQ-086", "NET-REQ-009" }, bugs = { "BUG-137" },
  doc = "Frames are dropped, and completed, until a filter was accepted.",
  run = function(host, guest)
    local n = net.up(host, guest, { filter = 0 })
    local id = n:deliver(net.frame(60))
    n:expect_done(id)
    guest:expect_no_event "net.rx"
    guest:net(n, "filter", { value = 0x0d })
    guest:expect_event("net.filter_done", { status = 0 })
    net.alive(guest, n)
    guest:net(n, "filter", { value = 0 })
    guest:expect_event("net.filter_done", { status = 0 })
    guest:mark()
    id = n:deliver(net.frame(61))
    n:expect_done(id)
    guest:expect_no_event "net.rx"
  end,
}

case "nvsp.receive.filter-refused" {
  level = "must", requires = { "NET-REQ-086" },
  doc = "A filter that the host refuses lets nothing in.",
  run = function(host, guest)
    local n = net.up(host, guest, { filter = 0 })
    n:oid(0x0001010e, { status = 0xc00000bb })
    guest:net(n, "filter", { value = 0x0d })
    guest:expect_event("net.filter_done", { status = 0xc00000bb })
    local id = n:deliver(net.frame(60))
    n:expect_done(id)
    guest:expect_no_event "net.rx"
  end,
}

case "nvsp.receive.completions-survive-a-full-ring" {
  level = "must", requires = { "NET-REQ-009" }, bugs = { "BUG-113" },
  doc = "Completions that the full ring refuses are kept and sent when there is room; none is lost.",
  run = function(host, guest)
    local n = net.up(host, guest, { tx_pages = 1, rx_pages = 16, receive_buffer = 2 << 20 })
    n:sleep()
    for i = 1, 300 do n:deliver(net.frame(60, i)) end
    host:run_for("100ms")
    n:sleep(false)
    host:wait_until(function() return #n.completions >= 300 end, "10s", "300 completions")
    n:expect_nothing_owed()
    check_eq(guest:count_events("net.rx"), 300, "frames")
    net.alive(guest, n)
  end,
}

case "nvsp.receive.ids-repeat" {
  level = "must", requires = { "NET-REQ-009" }, bugs = { "BUG-128" },
  doc = "Ids of the host are only echoed: two packets under way may have the same.",
  run = function(host, guest)
    local n = net.up(host, guest)
    guest:net(n, "pause")
    for i = 1, 3 do n:deliver(net.frame(60 + i, i), { id = 0x1234567890 }) end
    guest:net(n, "resume")
    for i = 1, 3 do guest:expect_event("net.rx", { data = net.frame(60 + i, i) }) end
    host:wait_until(function() return n:done_count(0x1234567890) == 3 end, "1s", "3 completions")
  end,
}

for _, t in ipairs { { "small", 0x77 }, { "huge", 0x7fffffffffffffff }, { "minus-one", -1 } } do
  case("nvsp.completion.id-" .. t[1]) {
    level = "must", requires = { "NET-SEC-04", "NET-SEC-05", "NET-SEC-11" }, bugs = { "BUG-107" },
    doc = "A completion that answers nothing is dropped.",
    run = function(host, guest)
      local n = net.up(host, guest)
      n:complete(t[2], n:pad(u32(108) .. u32(1)))
      n:complete(t[2], n:pad(u32(2) .. u32(1) .. u32(1) .. u32(1)))
      n:complete(t[2], "")
      net.alive(guest, n)
    end,
  }
end

case "nvsp.completion.repeated" {
  level = "must", requires = { "NET-SEC-04" },
  doc = "A second completion of the same packet is nobody's: the frame is reported once.",
  run = function(host, guest)
    local n = net.up(host, guest)
    guest:net(n, "send", { id = 5, data = net.frame(60) })
    local f = n:expect_frame()
    guest:expect_event("net.tx_done", { id = 5, status = 1 })
    for _ = 1, 10 do n:complete(f.packet.id, n:pad(u32(108) .. u32(1))) end
    guest:expect_no_event "net.tx_done"
    net.alive(guest, n)
  end,
}

case "nvsp.completion.empty-for-a-frame" {
  level = "must", requires = { "NET-SEC-06", "NET-REQ-104", "NET-REQ-106" }, bugs = { "BUG-107" },
  doc = "An empty completion of a frame is not read as the one before it.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:respond("rndis.packet", function(m)
      n:tx_done(m, 1, "")
      return true
    end)
    guest:net(n, "send", { id = 5, data = net.frame(60) })
    n:expect_frame()
    host:run_for("10ms")
    n:auto "rndis.packet"
    net.alive(guest, n)
  end,
}

case "nvsp.completion.failure-frees-the-frame" {
  level = "must", requires = { "NET-REQ-104", "NET-REQ-034" },
  doc = "A failed frame is reported with its status, not sent again, and its memory is free.",
  run = function(host, guest)
    local n = net.up(host, guest)
    for i = 1, 600 do
      n:respond("rndis.packet", function(m)
        n:tx_done(m, 2 + i % 5)
        return true
      end)
      guest:net(n, "send", { id = i, data = net.frame(60, i) })
      guest:expect_event("net.tx_done", { id = i, status = 2 + i % 5 })
    end
    check_eq(#n.frames, 600, "frames that the host saw")
    n:auto "rndis.packet"
    net.alive(guest, n)
  end,
}

-- In-band messages ---------------------------------------------------------------------------------

for _, id in ipairs { 0, 1, 3, 107, 109, 115, 120, 122, 123, 126, 130, 135, 136, 0xffffffff } do
  case("nvsp.inband.unknown-" .. (id == 0xffffffff and "huge" or id)) {
    level = "must", requires = { "NET-SEC-01", "NET-SEC-11" }, bugs = { "BUG-143" },
    doc = "In-band messages that a host never sends, or that are long dead, are ignored.",
    run = function(host, guest)
      local n = net.up(host, guest)
      n:notify(u32(id) .. pattern(36, id))
      n:notify(u32(id))
      net.alive(guest, n)
    end,
  }
end

for _, t in ipairs { { "vf-association", 128, 4 }, { "indirection-table", 134, 8 },
                     { "switch-data-path", 129, 4 } } do
  case("nvsp.inband.short-" .. t[1]) {
    level = "must", requires = { "NET-SEC-01" }, bugs = { "BUG-107" },
    doc = "A message too short for its type is dropped, at each length.",
    run = function(host, guest)
      local n = net.up(host, guest)
      for size = 0, t[3], 4 do n:notify((u32(t[2]) .. u32(1) .. u32(1)):sub(1, size)) end
      net.alive(guest, n)
    end,
  }
end

case "nvsp.inband.completion-asked-for" {
  level = "should", requires = { "NET-REQ-010" },
  doc = "A notification with the completion flag is completed or not, and does no harm.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:notify(n:pad(u32(128) .. u32(1) .. u32(7)), { completion = true, id = 0x7000000000000000 })
    guest:expect_event("net.vf", { allocated = 1, serial = 7 })
    net.alive(guest, n)
  end,
}
