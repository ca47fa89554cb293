-- SPDX-License-Identifier: BSD-2-Clause
-- A driver and the mock host's own NIC (not one that the case plays): what both sides of chapter 20
-- make of each other, frames through an echo and every byte compared.
local net = include "net.lua"

local names = { [0x60001] = "6.1", [0x60000] = "6.0", [0x50000] = "5", [0x40000] = "4",
                [0x30002] = "2", [0x2] = "1" }
local function merge(...)
  local t = {}
  for _, from in ipairs { ... } do for k, v in pairs(from) do t[k] = v end end
  return t
end

-- Offered, connected, attached. cfg: host:nic; args: net.attach
local function meet(host, guest, cfg, args)
  local n = host:nic(merge({ backend = "echo" }, cfg or {}))
  guest:online()
  guest:net(n, "attach", merge({ filter = 0x0d }, args or {}))
  return n, guest:expect_event("net.attached", { status = 0 })
end

-- Sends a frame, waits for its completion and its echo; returns the event of the echo. Which of the
-- two comes first is the driver's own affair.
local last_id = 1000
local function echo(guest, n, frame, opts)
  last_id = last_id + 1
  local id = last_id
  guest:mark()
  local from = guest.cursor
  local function done(status) return #guest:events("net.tx_done", { id = id, status = status }, from) end
  guest:net(n, "send", merge({ id = id, data = frame }, opts or {}))
  local e = guest:expect_event("net.rx", { data = frame })
  n.host:wait_until(function() return done() > 0 end, "1s", "the completion of the frame")
  check_eq(done(1), 1, "completions with success")
  return e
end

-- Both are still well: nothing was rejected, each packet completed once, and all slots are back. opts:
-- lost = true: the channel closed over packets under way
local function well(host, guest, n, opts)
  echo(guest, n, net.frame(90, 77))
  host:run_for("1ms")
  local c, i = n:counters(), n:nic_info()
  check_eq(i.state, "operational", "state of the NIC: " .. i.reason)
  check_eq(c.tx_rejected, 0, "packets rejected")
  check_eq(c.control_rejected, 0, "control messages rejected")
  check_eq(c.rx_failed, 0, "packets that the guest refused")
  if not (opts and opts.lost) then
    check_eq(c.rx_completed, n:count("nvsp.rndis_packet", { dir = 2 }), "completions of the guest")
  end
  check_eq(i.free_slots, i.receive_slots - 16, "data slots that the host holds")
end

for _, version in ipairs(net.versions) do
  case("nvsp.meet.version-" .. names[version]) {
    level = "must", requires = { "NET-REQ-011", "NET-REQ-012", "NET-REQ-018", "NET-REQ-007" },
    doc = "At each version the driver attaches to the NIC, and frames come back unharmed.",
    run = function(host, guest)
      local n, e = meet(host, guest, { max_version = version })
      check_eq(e.version, version, "version of the guest")
      check_eq(n:nic_info().version, version, "version of the host")
      check_eq(e.data, hex "00 15 5d 00 00 01", "address")
      check_eq(e.link, 1, "link")
      check_eq(e.link_speed, 100000000, "link speed")
      for i, size in ipairs { 60, 61, 64, 127, 512, 1000, 1513, 1514 } do
        echo(guest, n, net.frame(size, i))
        echo(guest, n, net.frame(size, 100 + i), { gpa = 1 })
        echo(guest, n, net.frame(size, 200 + i), { gpa = 1, segments = 3 })
      end
      well(host, guest, n)
      guest:net(n, "detach")
      guest:expect_event("net.detached", { status = 0 })
      check_eq(n:nic_info().state, "closed", "state of the NIC behind the detach")
    end,
  }
end

case "nvsp.meet.every-size" {
  level = "must", requires = { "NET-REQ-003", "NET-REQ-101", "NET-REQ-064" },
  doc = "A frame of each size from 60 to 1514 bytes comes back, by section and by reference.",
  run = function(host, guest)
    local n = meet(host, guest)
    for first = 60, 1514, 32 do
      guest:mark()
      local from, last = guest.cursor, math.min(first + 31, 1514)
      for size = first, last do
        guest:net(n, "send", { id = size, data = net.frame(size, size), gpa = size % 2 })
      end
      for size = first, last do guest:expect_event("net.rx", { data = net.frame(size, size) }) end
      host:run_for "10us"
      check_eq(#guest:events("net.tx_done", { status = 1 }, from), last - first + 1, "frames done")
    end
    local sections = 0
    for _, f in ipairs(n:frames()) do
      sections = sections + (f.section ~= 0xffffffff and 1 or 0)
    end
    check(sections > 300, "frames by section")
    check(n:counters().tx_frames - sections >= 700, "frames by reference")
    well(host, guest, n)
  end,
}

for _, queues in ipairs { 1, 2, 4, 8, 64 } do
  case("nvsp.meet.queues-" .. queues) {
    level = "must", requires = { "NET-REQ-047", "NET-REQ-045", "NET-REQ-046", "NET-REQ-007" },
    doc = "As many sub-channels as are granted open; each carries frames, the table comes when all are there.",
    run = function(host, guest)
      local n, e = meet(host, guest, { max_queues = queues }, { queues = queues,
        receive_buffer = 4 << 20 })
      check_eq(e.queues, queues, "queues of the guest")
      check_eq(n:nic_info().open_queues, queues, "open queues of the host")
      check_eq(n:count "nvsp.indirection_table", queues > 1 and 1 or 0, "tables")
      for q = 0, queues - 1 do
        local frame = net.frame(100 + q, q)
        echo(guest, n, frame, { queue = q })
        local sent = n:frames()
        check_eq(sent[#sent].queue, q, "queue of the frame")
        guest:mark()
        check_eq(n:deliver(net.frame(200 + q, q), { queue = q }), "OK", "delivery")
        guest:expect_event("net.rx", { queue = q, data = net.frame(200 + q, q) })
      end
      well(host, guest, n)
    end,
  }
end

-- IPv4 and TCP around a payload, by hand
local function be16(v) return u8(v >> 8) .. u8(v & 255) end
local function sum16(bytes)
  local s = 0
  for i = 1, #bytes, 2 do s = s + (bytes:byte(i) << 8) + (bytes:byte(i + 1) or 0) end
  while s >> 16 > 0 do s = (s & 0xffff) + (s >> 16) end
  return s
end
local function put(bytes, at, part) return bytes:sub(1, at) .. part .. bytes:sub(at + #part + 1) end
local SOURCE, TARGET = hex "0a 00 00 01", hex "0a 00 00 02"

local function packet4(proto, l4, port)
  local ip = hex "45 00" .. be16(20 + #l4) .. hex "00 07 00 00 40" .. u8(proto) .. be16(0)
    .. SOURCE .. TARGET
  return net.mac .. hex "02 00 00 00 00 01 08 00" .. put(ip, 10, be16(~sum16(ip) & 0xffff)) .. l4, port
end
local function tcp4(payload, port, seq, flags)
  return packet4(6, be16(port or 1000) .. be16(80) .. be16((seq or 0) >> 16) .. be16((seq or 0) & 0xffff)
    .. zeros(4) .. hex "50" .. u8(flags or 0x10) .. be16(4096) .. zeros(4) .. payload)
end
local function udp4(payload)
  return packet4(17, be16(1000) .. be16(53) .. be16(8 + #payload) .. zeros(2) .. payload)
end
-- As it stands on the wire: the checksum of layer 4 filled in
local function filled(frame, proto)
  local l4 = frame:sub(35)
  local at = proto == 6 and 16 or 6
  local s = sum16(SOURCE .. TARGET .. be16(proto) .. be16(#l4) .. put(l4, at, zeros(2)))
  return put(frame, 34 + at, be16(~s & 0xffff))
end

case "nvsp.meet.rss" {
  level = "must", requires = { "NET-REQ-082", "NET-REQ-084" },
  doc = "Frames arrive on the queue that the guest's key and table name, with their hash.",
  run = function(host, guest)
    local n = meet(host, guest, { max_queues = 4 }, { queues = 4 })
    check(n:nic_info().rss, "RSS is on")
    local seen = {}
    for port = 1, 64 do
      local frame = filled(tcp4(pattern(40, port), port), 6)
      guest:mark()
      check_eq(n:deliver(frame), "OK", "delivery")
      local e = guest:expect_event("net.rx", { data = frame })
      seen[e.queue] = true
    end
    for q = 0, 3 do check(seen[q], "queue " .. q .. " received a frame") end
    -- with a table of queue 2 alone, all arrive there
    guest:net(n, "rss", { data = pattern(40, 9) .. u32(2):rep(128), id = 5 })
    guest:expect_event("net.oid_done", { id = 5, status = 0 })
    for port = 1, 16 do
      local frame = filled(tcp4(pattern(40, port), port), 6)
      guest:mark()
      n:deliver(frame)
      guest:expect_event("net.rx", { data = frame, queue = 2 })
    end
    well(host, guest, n)
  end,
}

case "nvsp.meet.vlan" {
  level = "must", requires = { "NET-REQ-070", "NET-REQ-071" },
  doc = "A tag goes out and comes back, with all its bits, on both ways of sending.",
  run = function(host, guest)
    local n = meet(host, guest)
    for i, tci in ipairs { 1, 100, 0xfff, 0x2064, 0xe001, 0xffff & ~0x1000 } do
      local e = echo(guest, n, net.frame(100 + i, i), { vlan = tci, gpa = i % 2 })
      check_eq(e.vlan, tci, "tag")
      local sent = n:frames()
      check_eq(sent[#sent].vlan, tci, "tag at the host")
    end
    check_eq(echo(guest, n, net.frame(100, 50)).vlan, nil, "tag of a frame without")
    well(host, guest, n)
  end,
}

case "nvsp.meet.checksum" {
  level = "must", requires = { "NET-REQ-069", "NET-REQ-061" },
  doc = "Checksums that the guest leaves to the host are right on the wire.",
  run = function(host, guest)
    local n = meet(host, guest)
    for size = 1, 200, 9 do
      local frame = tcp4(pattern(size, size))
      guest:mark()
      guest:net(n, "send", { id = 1, data = put(frame, 24, zeros(2)), csum = 3, gpa = size % 2 })
      guest:expect_event("net.rx", { data = filled(frame, 6) })
      frame = udp4(pattern(size, size))
      guest:net(n, "send", { id = 2, data = frame, csum = 4, gpa = size % 2 })
      guest:expect_event("net.rx", { data = filled(frame, 17) })
    end
    -- of UDP a sum of 0 is sent as 0xffff: 0 would say that there is none
    local zero = udp4(zeros(2))
    zero = udp4(filled(zero, 17):sub(41, 42))
    guest:mark()
    guest:net(n, "send", { id = 3, data = zero, csum = 4 })
    check_eq(guest:expect_event("net.rx").data:sub(41, 42), hex "ff ff", "checksum of UDP")
    for _, bits in ipairs { 0x8, 0x10, 0x80, 0x1 } do
      guest:mark()
      n:deliver(net.frame(80, bits), { csum = bits })
      guest:expect_event("net.rx", { data = net.frame(80, bits) })
    end
    well(host, guest, n)
  end,
}

case "nvsp.meet.large-send" {
  level = "must", requires = { "NET-REQ-068" },
  doc = "A large send becomes segments of the size wanted, in order and without a byte lost.",
  run = function(host, guest)
    local n = meet(host, guest, {}, { receive_buffer = 4 << 20 })
    for _, t in ipairs { { 3000, 1460 }, { 1460, 1460 }, { 1461, 1460 }, { 20000, 536 }, { 60000, 1448 } } do
      local total, mss = t[1], t[2]
      local payload = pattern(total, mss)
      guest:mark()
      guest:net(n, "send", { id = 1, data = tcp4(payload, 1000, 0x1000, 0x18), mss = mss, csum = 2,
                             segments = 4 })
      local at = 0
      while at < total do
        local e = guest:expect_event "net.rx"
        local size = math.min(mss, total - at)
        check_eq(#e.data, 54 + size, "bytes of a segment")
        check(e.data:sub(55) == payload:sub(at + 1, at + size), "payload at " .. at)
        check_eq((e.data:byte(39) << 24) + (e.data:byte(40) << 16) + (e.data:byte(41) << 8)
                 + e.data:byte(42), 0x1000 + at, "sequence number")
        check(e.data == filled(e.data, 6), "checksum of TCP")
        check_eq(sum16(e.data:sub(15, 34)), 0xffff, "checksum of IP")
        check_eq((e.data:byte(19) << 8) + e.data:byte(20), 7 + at // mss, "identification of IP")
        check_eq(e.data:byte(48) & 8, at + size == total and 8 or 0, "PSH")
        at = at + size
      end
    end
    check_eq(guest:count_events("net.tx_done", { status = 1 }), 5, "large sends that are done")
    well(host, guest, n)
  end,
}

case "nvsp.meet.several-frames-in-a-packet" {
  level = "must", requires = { "NET-REQ-006", "NET-REQ-009", "NET-REQ-096", "NET-REQ-062" },
  doc = "Packets of many frames arrive whole and in order, both ways.",
  run = function(host, guest)
    local n = meet(host, guest)
    for count = 1, 40, 3 do
      local list = {}
      for i = 1, count do list[i] = net.frame(60 + 17 * i, i) end
      guest:mark()
      check_eq(n:deliver_all(list), "OK", "delivery")
      for i = 1, count do guest:expect_event("net.rx", { data = list[i] }) end
    end
    local before = n:counters()
    guest:mark()
    for i = 1, 8 do guest:net(n, "send", { id = i, data = net.frame(100, i), more = i < 8 and 1 or 0 }) end
    for i = 1, 8 do guest:expect_event("net.rx", { data = net.frame(100, i) }) end
    local after = n:counters()
    check_eq(after.tx_frames - before.tx_frames, 8, "frames")
    check(after.tx_packets - before.tx_packets < 8, "frames share a packet")
    check_eq(guest:count_events("net.tx_done", { status = 1 }), 8, "each frame is done")
    well(host, guest, n)
  end,
}

case "nvsp.meet.coalesced" {
  level = "must", requires = { "NET-REQ-072" },
  doc = "A frame in several coalesced parts arrives as one.",
  run = function(host, guest)
    local n = meet(host, guest, { rsc = true }, { receive_buffer = 4 << 20 })
    for parts = 2, 8 do
      local frame = filled(tcp4(pattern(1000 * parts, parts)), 6)
      guest:mark()
      check_eq(n:deliver(frame, { segments = parts }), "OK", "delivery")
      check_eq(guest:expect_event("net.rx", { data = frame }).rsc, parts, "parts")
    end
    well(host, guest, n)
  end,
}

case "nvsp.meet.full-rings" {
  level = "must", requires = { "NET-REQ-009", "NET-REQ-034" }, bugs = { "BUG-113" }, limit = "2000s",
  doc = "With small rings, full both ways again and again, no frame and no completion is lost.",
  run = function(host, guest)
    local n = meet(host, guest, {}, { rx_pages = 1, tx_pages = 1 })
    local sent, back = 0, 0
    for round = 1, 12 do
      n:sleep()
      local id = 0
      guest:mark()
      while guest:net(n, "send", { id = id + 1, data = net.frame(60 + id % 700, id), gpa = id % 2 }) == "ok"
            and id < 500 do id = id + 1 end
      check(id > 8, "frames before the ring is full")
      for i = 1, 40 do n:deliver(net.frame(300, i)) end
      guest:net(n, "pause")
      n:sleep(false)
      host:run_for("10ms")
      guest:net(n, "resume")
      host:run_for("10ms")
      sent, back = sent + id, back + 40
      check_eq(guest:count_events("net.tx_done", { status = 1 }), sent, "frames done, round " .. round)
      check_eq(guest:count_events "net.rx", sent + back, "frames received, round " .. round)
    end
    well(host, guest, n)
  end,
}

case "nvsp.meet.few-receive-slots" {
  level = "must", requires = { "NET-REQ-009", "NET-REQ-096" }, bugs = { "BUG-113" },
  doc = "Of a receive buffer of few slots every one comes back, whatever the guest does with time.",
  run = function(host, guest)
    local n = meet(host, guest, {}, { receive_buffer = 16 * 4096 })
    local total = n:nic_info().free_slots
    check(total > 0 and total < 40, "data slots")
    for _ = 1, 5 do
      guest:net(n, "pause")
      guest:mark()
      for i = 1, 100 do check_eq(n:deliver(net.frame(400, i)), "OK", "delivery") end
      host:run_for "5ms"
      guest:net(n, "resume")
      for i = 1, 100 do guest:expect_event("net.rx", { data = net.frame(400, i) }) end
      host:run_for "5ms"
      check_eq(n:nic_info().free_slots, total, "slots that the host holds")
    end
    well(host, guest, n)
  end,
}

for _, version in ipairs { 0x40000, 0x60001 } do
  case("nvsp.meet.vf-" .. names[version]) {
    level = "must", requires = { "NET-REQ-039", "NET-REQ-040", "NET-REQ-041", "NET-REQ-105" },
    doc = "A VF comes, takes the traffic, and goes; the synthetic path then carries frames again.",
    run = function(host, guest)
      -- below 5 drivers do not ask for VFs by themselves
      local n = meet(host, guest, { max_version = version },
                     { capabilities = version == 0x40000 and 5 or nil })
      for serial = 7, 9 do
        n:vf(true, serial)
        guest:expect_event("net.vf", { allocated = 1, serial = serial })
        guest:net(n, "datapath", { value = 1 })
        guest:expect_event("net.datapath_done", { status = 0, value = 1 })
        check_eq(n:nic_info().data_path, 1, "data path")
        guest:net(n, "datapath", { value = 0 })
        guest:expect_event("net.datapath_done", { status = 0, value = 0 })
        check_eq(n:nic_info().data_path, 0, "data path")
        n:vf(false)
        guest:expect_event("net.vf", { allocated = 0, serial = serial })
        echo(guest, n, net.frame(100, serial))
      end
      well(host, guest, n)
    end,
  }
end

case "nvsp.meet.vf-leaves-during-the-switch" {
  level = "must", requires = { "NET-REQ-043", "NET-REQ-040" },
  doc = "When the VF leaves during a pending switch: completion, notice of the synthetic path, then the disassociation.",
  run = function(host, guest)
    local n = meet(host, guest)
    n:vf(true, 7)
    guest:expect_event("net.vf", { allocated = 1 })
    n:hold_switch()
    guest:net(n, "datapath", { value = 1 })
    host:run_for "1ms"
    check_eq(guest:count_events "net.datapath_done", 0, "the switch is pending")
    n:mark()
    n:vf(false)
    n:finish_switch(true)
    n:expect("nvsp.empty", { dir = 2 })
    n:expect("nvsp.switch_data_path", { dir = 2, active_data_path = 0 })
    n:expect("nvsp.vf_association", { dir = 2, vf_allocated = 0, serial_number = 7 })
    check_eq(n:nic_info().data_path, 0, "data path")
    guest:expect_event("net.vf", { allocated = 0, serial = 7 })
    well(host, guest, n)
  end,
}

case "nvsp.meet.mtu" {
  level = "must", requires = { "NET-REQ-100", "NET-REQ-019", "NET-REQ-097", "NET-REQ-073" },
  doc = "A change of the MTU negotiates all again, and frames of the new size come back.",
  run = function(host, guest)
    local n = meet(host, guest, { max_queues = 2 }, { queues = 2 })
    for _, mtu in ipairs { 9000, 1500, 4000, 9202 } do
      guest:mark()
      guest:net(n, "mtu", { mtu = mtu })
      local e = guest:expect_event("net.attached", { status = 0, mtu = mtu, queues = 2 }, "60s")
      check_eq(n:nic_info().mtu, mtu + 14, "mtu of the host")
      check_eq(n:nic_info().filter, 0x0d, "filter")
      for i, size in ipairs { 60, mtu - 100, mtu + 13, mtu + 14 } do
        echo(guest, n, net.frame(size, i), { gpa = i % 2 })
      end
      check_eq(e.link, 1, "link")
    end
    well(host, guest, n)
  end,
}

case "nvsp.meet.rescind-and-offer" {
  level = "must", requires = { "NET-REQ-097" },
  doc = "Taken back under traffic, all memory is the guest's again; offered again, it works as before.",
  run = function(host, guest)
    local n = meet(host, guest, { max_queues = 2 }, { queues = 2 })
    for round = 1, 4 do
      for i = 1, 20 do
        guest:net(n, "send", { id = i, data = net.frame(100 + i, round), queue = i % 2 })
      end
      guest:mark()
      n:revoke()
      -- the same device, known until its id is released, or another in its place
      if round % 2 == 1 then n:reoffer() end
      guest:expect_event "net.detached"
      guest:release(n, { may_fail = true })
      host:run_for "10ms"
      check_eq(n:nic_info().state, "closed", "state of the NIC")
      if round % 2 == 0 then n = host:nic { max_queues = 2, backend = "echo" } end
      host:run_for "10ms"
      check_eq(guest:count_events("offer", { channel = n }) > 0, true, "the NIC is offered again")
      guest:net(n, "attach", { filter = 0x0d, queues = 2 })
      guest:expect_event("net.attached", { status = 0, queues = 2 })
      echo(guest, n, net.frame(500, round), { queue = 1 })
    end
    well(host, guest, n, { lost = true })
  end,
}

case "nvsp.meet.detach-and-attach" {
  level = "must", requires = { "NET-REQ-097", "NET-REQ-038" },
  doc = "Attached again and again, the NIC gives the same each time.",
  run = function(host, guest)
    local n = meet(host, guest)
    for round = 1, 5 do
      echo(guest, n, net.frame(700, round))
      guest:mark()
      guest:net(n, "detach")
      guest:expect_event("net.detached", { status = 0 })
      check_eq(n:nic_info().state, "closed", "state of the NIC")
      guest:net(n, "attach", { filter = 0x0d })
      guest:expect_event("net.attached", { status = 0, version = 0x60001 })
    end
    well(host, guest, n)
  end,
}

case "nvsp.meet.link-speed-and-migration" {
  level = "must", requires = { "NET-REQ-089", "NET-REQ-090", "NET-REQ-074" },
  doc = "Link, speed and a change of the network are told as they happen; the device goes on.",
  run = function(host, guest)
    local n = meet(host, guest)
    host:run_for "5s"
    n:set_link(false)
    guest:expect_event("net.link", { up = 0 })
    host:run_for "5s"
    n:set_link(true)
    guest:expect_event("net.link", { up = 1 })
    host:run_for "5s"
    n:set_speed(25000000000)
    guest:expect_event("net.link", { up = 1, speed = 250000000 })
    host:run_for "5s"
    guest:mark()
    n:set_link(true)
    guest:expect_event("net.link", { up = 0 })
    guest:expect_event("net.link", { up = 1 })
    host:run_for "5s"
    guest:mark()
    n:network_change(1)
    guest:expect_event("net.link", { up = 0 })
    guest:expect_event("net.link", { up = 1 })
    check_eq(n:count "rndis.initialize", 1, "INITIALIZE")
    well(host, guest, n)
  end,
}

case "nvsp.meet.filter" {
  level = "must", requires = { "NET-REQ-085", "NET-REQ-086" },
  doc = "With filter 0 nothing arrives, with another everything does.",
  run = function(host, guest)
    local n = meet(host, guest)
    guest:net(n, "filter", { value = 0, id = 3 })
    guest:expect_event("net.filter_done", { status = 0 })
    guest:mark()
    check_eq(n:deliver(net.frame(100, 1)), "STATE", "delivery")
    guest:expect_no_event "net.rx"
    guest:net(n, "filter", { value = 0x0d, id = 4 })
    guest:expect_event("net.filter_done", { status = 0 })
    well(host, guest, n)
  end,
}

case "nvsp.meet.offloads" {
  level = "must", requires = { "NET-REQ-077", "NET-REQ-078", "NET-REQ-081", "NET-REQ-109" },
  doc = "Offloads that the guest wants are on at the host, and off when it wants them no more.",
  run = function(host, guest)
    local n = meet(host, guest)
    local on = n:nic_info().offloads
    check(on & 0x1f ~= 0 and on & 0x30000 ~= 0, "checksums and large send are on")
    guest:net(n, "offload", { tx_checksum = 0, rx_checksum = 0, lso = 0, id = 3 })
    guest:expect_event("net.oid_done", { id = 3, status = 0 })
    check_eq(n:nic_info().offloads, 0, "offloads")
    well(host, guest, n)
  end,
}
