-- SPDX-License-Identifier: BSD-2-Clause
-- INDICATE_STATUS: chapter 20 sections 4.2, 5.8.
local net = include "net.lua"

local CONNECT, DISCONNECT, SPEED, CHANGE = 0x4001000b, 0x4001000c, 0x40010013, 0x40010018

case "rndis.indicate.link-down-and-up" {
  level = "must", requires = { "NET-REQ-089", "NET-REQ-088" },
  doc = "The link's state is reported when it changes.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:indicate(DISCONNECT)
    guest:expect_event("net.link", { up = 0 })
    host:run_for("5s")
    n:indicate(CONNECT)
    guest:expect_event("net.link", { up = 1 })
    net.alive(guest, n)
  end,
}

case "rndis.indicate.during-a-request" {
  level = "must", requires = { "NET-REQ-088" }, bugs = { "BUG-130" },
  doc = "An indication between a request and its reply disturbs neither.",
  run = function(host, guest)
    local n = net.nic(host)
    for _, name in ipairs { "rndis.initialize", "rndis.query", "rndis.set" } do
      n:respond(name, function(m)
        n:indicate(DISCONNECT)
        n:indicate(CONNECT)
      end)
    end
    guest:online()
    guest:net(n, "attach", { filter = 0x0d })
    guest:expect_event("net.attached", { status = 0 })
    guest:net(n, "query", { oid = 0x01010101, size = 6, id = 1 })
    guest:expect_event("net.oid_done", { id = 1, data = net.mac })
    for _, name in ipairs { "rndis.initialize", "rndis.query", "rndis.set" } do n:auto(name) end
    net.alive(guest, n)
  end,
}

case "rndis.indicate.network-change" {
  level = "must", requires = { "NET-REQ-089" },
  doc = "After a live migration the link bounces or is asked for; the device is not reset.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local inits, asked = n:count "rndis.initialize", n:count("rndis.query", { oid = 0x00010114 })
    n:indicate(CHANGE, u32(2))
    host:run_for("10s")
    check(guest:count_events "net.link" > 0
          or n:count("rndis.query", { oid = 0x00010114 }) > asked, "the link bounces, or is asked for")
    check_eq(n:count "rndis.initialize", inits, "INITIALIZE")
    net.alive(guest, n)
  end,
}

case "rndis.indicate.storm" {
  level = "must", requires = { "NET-SEC-46", "NET-REQ-009" },
  doc = "A host that flaps the link without end does not keep the guest busy; the last state counts.",
  run = function(host, guest)
    local n = net.up(host, guest)
    for i = 1, 200 do
      n:expect_done(n:indicate(i % 2 == 1 and DISCONNECT or CONNECT))
    end
    n:indicate(DISCONNECT)
    host:run_for("10s")
    local events = guest:events "net.link"
    check_range(#events, 1, 20, "link events")
    check_eq(events[#events].up, 0, "the last state")
    net.alive(guest, n)
  end,
}

case "rndis.indicate.speed" {
  level = "must", requires = { "NET-SEC-43", "NET-REQ-074" },
  doc = "A change of speed is reported in units of 100 bit/s.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:indicate(SPEED, u32(400000000))
    guest:expect_event("net.link", { speed = 400000000 })
  end,
}

case "rndis.indicate.length-leaves-out-the-buffer" {
  level = "must", requires = { "NET-SEC-43" }, bugs = { "BUG-152" },
  doc = "Old hosts do not count the buffer in message_length: the range bounds it.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local id = n:indicate(SPEED, u32(123456), { length = 20 })
    guest:expect_event("net.link", { speed = 123456 })
    n:expect_done(id, 1)
    n:indicate(0x40020006, net.offload(), { length = 20 })
    net.alive(guest, n)
  end,
}

for _, t in ipairs { { "offset-behind-the-range", { buffer_offset = 13 } },
                     { "offset-huge", { buffer_offset = 0xfffffff8 } },
                     { "length-huge", { buffer_length = 0xffffffff } },
                     { "offset-and-length-wrap", { buffer_offset = 0x80000000, buffer_length = 0x80000004 } },
                     { "offset-in-the-header", { buffer_offset = 4 } },
                     { "length-below-4", { buffer_length = 3 } },
                     { "no-buffer", { buffer_length = 0, buffer_offset = 0 } } } do
  case("rndis.indicate.speed-" .. t[1]) {
    level = "must", requires = { "NET-SEC-43" }, bugs = { "BUG-152" },
    doc = "A speed outside the message, or too short to be one, is not read.",
    run = function(host, guest)
      local n = net.up(host, guest)
      n:expect_done(n:indicate(SPEED, u32(777), t[2]))
      guest:expect_no_event("net.link", "3s")
      net.alive(guest, n)
    end,
  }
end

for _, status in ipairs { 0x40010003, 0x40010011, 0x40010012, 0x40020006, 0x12345678, 0xffffffff } do
  case(string.format("rndis.indicate.other-%08x", status)) {
    level = "must", requires = { "NET-REQ-081", "NET-REQ-009" },
    doc = "Other indications, known or not, with any buffer, change nothing.",
    run = function(host, guest)
      local n = net.up(host, guest)
      n:expect_done(n:indicate(status, pattern(156, 4)))
      n:expect_done(n:indicate(status))
      guest:expect_no_event("net.link", "3s")
      net.alive(guest, n)
    end,
  }
end
