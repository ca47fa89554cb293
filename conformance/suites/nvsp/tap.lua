-- SPDX-License-Identifier: BSD-2-Clause
-- A driver against the mock host's NIC of which single messages come late, never, or otherwise:
-- the tap of docs/writing-cases.md. What the case does not touch, the NIC does as ever.
local net = include "net.lua"

local function begin(host, guest, cfg)
  local n = host:nic(net.merge({ backend = "echo" }, cfg))
  guest:online()
  return n
end
local function attach(guest, n, args) guest:net(n, "attach", net.merge({ filter = 0x0d }, args)) end
local function up(host, guest, cfg, args)
  local n = begin(host, guest, cfg)
  attach(guest, n, args)
  guest:expect_event("net.attached", { status = 0 })
  return n
end
local function echo(guest, n, frame)
  guest:mark()
  guest:net(n, "send", { id = 1, data = frame })
  return guest:expect_event("net.rx", { data = frame })
end

local function requests(n)
  local count = 0
  for _, name in ipairs { "nvsp.receive_buffer", "nvsp.send_buffer", "nvsp.sub_channel",
                          "rndis.initialize", "rndis.query", "rndis.set" } do
    count = count + n:count(name, { dir = 1 })
  end
  return count
end

for _, t in ipairs { { "version", "nvsp.init_complete" }, { "receive-buffer", "nvsp.receive_buffer_complete" },
                     { "send-buffer", "nvsp.send_buffer_complete" }, { "initialize", "rndis.initialize_complete" },
                     { "query", "rndis.query_complete" }, { "set", "rndis.set_complete" },
                     { "sub-channel", "nvsp.sub_channel_complete" } } do
  case("nvsp.tap.late-" .. t[1]) {
    level = "must", requires = { "NET-REQ-012", "NET-SEC-39" },
    doc = "An answer that comes late is waited for, and nothing is sent ahead of it.",
    run = function(host, guest)
      local n = begin(host, guest, { max_queues = 2 })
      n:hold(t[2], { count = 1 })
      attach(guest, n, { queues = 2 })
      local m = n:expect(t[2])
      host:run_for "2s"
      check_eq(guest:count_events "net.attached", 0, "attached before the answer")
      local before = requests(n)
      host:run_for "2s"
      check_eq(requests(n), before, "messages of the guest while it waits")
      check_eq(n:release(t[2]).bytes, m.bytes, "the held message")
      guest:expect_event("net.attached", { status = 0, queues = 2 })
      echo(guest, n, net.frame(100, 1))
    end,
  }
  case("nvsp.tap.missing-" .. t[1]) {
    level = "must", requires = { "NET-REQ-009", "NET-SEC-39" },
    doc = "Without an answer an attach ends, well or not, and all memory is back after a detach.",
    run = function(host, guest)
      local n = begin(host, guest, { max_queues = 2 })
      n:drop(t[2])
      attach(guest, n, { queues = 2 })
      local e = guest:expect_event("net.attached", nil, "300s")
      if e.status == 0 then guest:net(n, "detach") end
      guest:expect_event("net.detached", nil, "300s")
      check_eq(n:nic_info().state, "closed", "state of the NIC")
      -- with its answers back, the NIC serves this guest
      n:auto(t[2])
      guest:mark()
      attach(guest, n, { queues = 2 })
      guest:expect_event("net.attached", { status = 0, queues = 2 })
      echo(guest, n, net.frame(100, 2))
    end,
  }
end

case "nvsp.tap.refused-once-is-asked-lower" {
  level = "must", requires = { "NET-REQ-012" },
  doc = "Each version that is refused is followed by the next lower, the last one that is taken counts.",
  run = function(host, guest)
    local n = begin(host, guest)
    n:answer("nvsp.init_complete", { status = 2 })
    attach(guest, n)
    -- the NIC itself took the first, and an INIT behind it ends its service: no answer comes
    guest:expect_event("net.attached", { status = function(s) return s ~= 0 end }, "300s")
    local asked = n:messages("nvsp.init", { dir = 1 })
    check_eq(#asked, 2, "INIT messages")
    for i, m in ipairs(asked) do check_eq(m.protocol_version, net.versions[i], "version " .. i) end
    guest:expect_event("net.detached", nil, "300s")
  end,
}

case "nvsp.tap.held-completions-hold-sections" {
  level = "must", requires = { "NET-REQ-034", "NET-REQ-007" },
  doc = "Sections and pages are not used again before their completion 108, however late it comes.",
  run = function(host, guest)
    local n = up(host, guest)
    n:hold("nvsp.rndis_packet_complete", { dir = "h2g" })
    local sent = {}
    for i = 1, 50 do
      sent[i] = net.frame(200 + i, i)
      check_eq(guest:net(n, "send", { id = i, data = sent[i] }), "ok", "send")
    end
    host:run_for "1s"
    check_eq(guest:count_events "net.tx_done", 0, "frames done")
    local used = {}
    for i, f in ipairs(n:frames()) do
      check(f.bytes == sent[i], "bytes of frame " .. i)
      if f.section ~= 0xffffffff and f.index == 0 then
        check(not used[f.section], "section " .. f.section .. " is used twice")
        used[f.section] = true
      end
    end
    check_eq(#n:frames(), 50, "frames at the host")
    while #n:held "nvsp.rndis_packet_complete" > 0 do n:release "nvsp.rndis_packet_complete" end
    n:auto "nvsp.rndis_packet_complete"
    host:run_for "1ms"
    check_eq(guest:count_events("net.tx_done", { status = 1 }), 50, "frames done")
    echo(guest, n, net.frame(100, 3))
  end,
}

for _, status in ipairs { 0, 2, 3, 0xffffffff } do
  case("nvsp.tap.completion-status-" .. status) {
    level = "must", requires = { "NET-REQ-104" },
    doc = "A completion that says failure frees what the frame had, and the next frame goes out.",
    run = function(host, guest)
      local n = up(host, guest)
      n:answer("nvsp.rndis_packet_complete", { status = status }, { dir = "h2g" })
      for i = 1, 300 do
        guest:mark()
        guest:net(n, "send", { id = i, data = net.frame(1000, i) })
        guest:expect_event("net.rx", { data = net.frame(1000, i) })
      end
      host:run_for "1ms"
      check_eq(guest:count_events("net.tx_done", { status = status }), 300, "frames done with that status")
      n:auto "nvsp.rndis_packet_complete"
      echo(guest, n, net.frame(100, 4))
    end,
  }
end

case "nvsp.tap.reply-of-garbage" {
  level = "must", requires = { "NET-SEC-11", "NET-SEC-39", "NET-REQ-009" },
  doc = "Replies replaced by anything are dropped; the request times out and the next one works.",
  run = function(host, guest)
    local n = up(host, guest)
    for i, bytes in ipairs { "", u32(0x80000004), u32(0x80000004) .. u32(24) .. u32(99) .. zeros(12),
                             u32(0x80000004) .. u32(0xffffffff) .. zeros(16), pattern(200, 5) } do
      n:replace("rndis.query_complete", bytes, { count = 1 })
      guest:mark()
      guest:net(n, "query", { oid = 0x01010101, size = 6, id = i })
      guest:expect_event("net.oid_done", { id = i, status = 0xffffffff }, "60s")
      guest:net(n, "query", { oid = 0x01010101, size = 6, id = 100 + i })
      guest:expect_event("net.oid_done", { id = 100 + i, status = 0, data = hex "00 15 5d 00 00 01" })
    end
    echo(guest, n, net.frame(100, 5))
  end,
}

case "nvsp.tap.value-of-an-oid" {
  level = "must", requires = { "NET-REQ-056", "NET-REQ-073" },
  doc = "What the host says of an OID is what the guest reports: a smaller frame, a link that is down, a slow one.",
  run = function(host, guest)
    local n = begin(host, guest)
    n:oid(0x00010106, { data = u32(1000) })
    n:oid(0x00010114, { data = u32(1) })
    n:oid(0x00010107, { data = u32(12345) })
    attach(guest, n)
    guest:expect_event("net.attached", { status = 0, mtu = 1000, link = 0, link_speed = 12345 })
    n:oid(0x00010106, { status = 0xc00000bb })
    n:oid(0x00010114)
    n:oid(0x00010107)
    guest:net(n, "query", { oid = 0x00010106, size = 4, id = 1 })
    guest:expect_event("net.oid_done", { id = 1, status = 0xc00000bb })
    guest:net(n, "query", { oid = 0x00010107, size = 4, id = 2 })
    guest:expect_event("net.oid_done", { id = 2, status = 0, data = u32(100000000) })
  end,
}

case "nvsp.tap.lost-frames-of-the-guest" {
  level = "must", requires = { "NET-REQ-034" },
  doc = "A frame that the host loses is completed all the same, and only that one is missing.",
  run = function(host, guest)
    local n = up(host, guest)
    local seen = 0
    n:respond("rndis.packet", function()
      seen = seen + 1
      return seen % 3 == 0
    end, { dir = "g2h" })
    guest:mark()
    for i = 1, 30 do
      guest:net(n, "send", { id = i, data = net.frame(100 + i, i) })
      host:run_for "1ms"
    end
    for i = 1, 30 do
      if i % 3 ~= 0 then guest:expect_event("net.rx", { data = net.frame(100 + i, i) }) end
    end
    check_eq(guest:count_events("net.tx_done", { status = 1 }), 30, "frames done")
  end,
}
