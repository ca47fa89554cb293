-- SPDX-License-Identifier: BSD-2-Clause
-- Frames to the host: sections, ranges, completions, flow control: chapter 20 section 3.10.
local net = include "net.lua"

case "nvsp.send.by-section-or-by-reference" {
  level = "must", requires = { "NET-REQ-003", "NET-REQ-034", "NET-REQ-051" },
  doc = "Every frame asks for a completion and is of type data; without a section the size is 0.",
  run = function(host, guest)
    local n = net.up(host, guest)
    for i = 1, 60 do
      local f = net.frame(14 + i * 25, i)
      guest:net(n, "send", { id = i, data = f, gpa = i % 2, segments = 1 + i % 3 })
      local got = n:expect_frame(f)
      check_eq(got.packet.flags & 1, 1, "completion requested")
      check_eq(got.message.channel_type, 0, "channel type")
      if got.section == 0xffffffff then
        check_eq(got.message.send_buffer_section_size, 0, "size without a section")
        check_eq(got.packet.type, 9, "packet type")
      end
      guest:expect_event("net.tx_done", { id = i, status = 1 })
    end
  end,
}

case "nvsp.send.sections-not-reused" {
  level = "must", requires = { "NET-REQ-034" }, bugs = { "BUG-139" },
  doc = "A section is the host's until the completion of its packet.",
  run = function(host, guest)
    local n = net.up(host, guest, { send_buffer = 1 << 18 })
    n:hold "rndis.packet"
    local sent = 0
    for i = 1, 100 do
      if guest:net(n, "send", { id = i, data = net.frame(60, i) }) ~= "ok" then break end
      sent = i
    end
    host:run_for("10ms")
    local seen = {}
    for _, m in ipairs(n.held) do
      local s = m.send_buffer_section_index
      check(s == 0xffffffff or not seen[s], "section " .. s .. " is used twice")
      seen[s] = true
    end
    check_eq(#n.frames, sent, "frames")
    for i, f in ipairs(n.frames) do check(f.bytes == net.frame(60, i), "frame " .. i) end
    while #n.held > 0 do n:release "rndis.packet" end
    for i = 1, sent do guest:expect_event("net.tx_done", { id = i, status = 1 }) end
    n:auto "rndis.packet"
    net.alive(guest, n)
  end,
}

case "nvsp.send.header-in-one-range" {
  level = "must", requires = { "NET-REQ-101" }, bugs = { "BUG-115", "BUG-140" },
  doc = "Header and per-packet information lie in the first range, also when it crosses a page.",
  run = function(host, guest)
    local n = net.up(host, guest, { send_buffer = 0 })
    n:hold "rndis.packet"
    local count = 0
    for i = 1, 150 do
      local r = guest:net(n, "send", { id = i, data = net.frame(60 + i, i), gpa = 1,
        vlan = 0x2005, hash = i, csum = 2, segments = 1 + i % 4 })
      if r ~= "ok" then break end
      count = i
    end
    host:run_for("10ms")
    check_eq(#n.frames, count, "frames")
    for _, f in ipairs(n.frames) do
      check(f.message.range_sizes[1] >= 44 + f.per_packet_info_length, "the header is divided")
      check(f.ranges <= 34, "ranges")
    end
  end,
}

case "nvsp.send.pages-within-the-limit" {
  level = "must", requires = { "NET-REQ-101" }, bugs = { "BUG-140", "BUG-172" },
  doc = "A frame in many pieces names at most 34 ranges, exactly its own bytes.",
  run = function(host, guest)
    local n = net.up(host, guest, { mtu = 9000 })
    for i, pieces in ipairs { 1, 2, 5, 17, 31 } do
      local f = net.frame(8000, i)
      guest:net(n, "send", { id = i, data = f, gpa = 1, segments = pieces })
      local got = n:expect_frame(f)
      check(got.ranges <= 34, "ranges")
      local sum = 0
      for _, s in ipairs(got.message.range_sizes) do sum = sum + s end
      check_eq(sum + (got.section ~= 0xffffffff and got.message.send_buffer_section_size or 0),
               #got.raw, "bytes given")
    end
  end,
}

case "nvsp.send.stop-and-wake" {
  level = "must", requires = { "NET-REQ-034" }, bugs = { "BUG-112" },
  doc = "A queue that is full stops and wakes when the host has read; no frame is lost or doubled.",
  run = function(host, guest)
    local n = net.up(host, guest, { tx_pages = 1 })
    n:sleep()
    local sent = 0
    for i = 1, 2000 do
      if guest:net(n, "send", { id = i, data = net.frame(60, i) }) == "again" then break end
      sent = i
    end
    check(sent < 2000, "the ring never was full")
    n:sleep(false)
    guest:expect_event("net.wake", { queue = 0 })
    host:run_for("100ms")
    check_eq(#n.frames, sent, "frames")
    for i, f in ipairs(n.frames) do check(f.bytes == net.frame(60, i), "frame " .. i) end
    net.alive(guest, n)
  end,
}

case "nvsp.send.wake-race" {
  level = "must", requires = { "NET-REQ-034" }, bugs = { "BUG-112", "BUG-131" },
  doc = "Again and again full and empty, in small rings: every frame arrives once, in order.",
  run = function(host, guest)
    local n = net.up(host, guest, { tx_pages = 1, rx_pages = 1 })
    local i, stops = 1, 0
    while i <= 400 do
      local r = guest:net(n, "send", { id = i, data = net.frame(60, i), gpa = i % 3 == 0 })
      if r == "again" then
        stops = stops + 1
        check(stops < 400, "the queue never woke")
        guest:expect_event("net.wake", { queue = 0 })
      else
        i = i + 1
      end
    end
    host:run_for("100ms")
    check_eq(#n.frames, 400, "frames")
    for k, f in ipairs(n.frames) do check(f.bytes == net.frame(60, k), "frame " .. k) end
  end,
}

case "nvsp.send.never-completed" {
  level = "must", requires = { "NET-SEC-17" }, bugs = { "BUG-137" },
  doc = "Frames that a host never completes do not keep the guest from detaching.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:ignore "rndis.packet"
    for i = 1, 20 do guest:net(n, "send", { id = i, data = net.frame(60, i) }) end
    guest:net(n, "detach")
    guest:expect_event("net.detached", nil, "120s")
    check_eq(n:info().gpadls, 0, "GPADLs that the host still has")
  end,
}

case "nvsp.send.control-on-the-primary" {
  level = "must", requires = { "NET-REQ-051" },
  doc = "Control requests go over the primary channel, one message a packet, of type control.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 3 }, { queues = 4 })
    guest:net(n, "query", { oid = 0x00010114, size = 4 })
    guest:expect_event("net.oid_done", { status = 0 })
    for _, m in ipairs(n.log) do
      if m.layer == "rndis" then
        check_eq(m.queue.queue, 0, "queue of " .. m.name)
        check_eq(get_u32(m.packet.payload, 4), 1, "channel type of " .. m.name)
        check_eq(m.packet.flags & 1, 1, "completion requested")
      end
    end
  end,
}
