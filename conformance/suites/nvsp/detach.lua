-- SPDX-License-Identifier: BSD-2-Clause
-- Shutting down, and coming back with another MTU: chapter 20 sections 3.8, 6.6, 6.8.
local net = include "net.lua"

local function order(n)
  local filter = n:place("rndis.set", { oid = 0x0001010e, info = u32(0) })
  return filter, n:place "rndis.halt", n:place "nvsp.revoke_receive_buffer",
         n:place "nvsp.revoke_send_buffer"
end

for _, t in ipairs { { "current", {} }, { "vmbus-3", { max_version = 0x30000 } } } do
  case("nvsp.detach.order-" .. t[1]) {
    level = "must", requires = { "NET-REQ-038" }, bugs = { "BUG-158", "BUG-157", "BUG-137", "BUG-098" },
    config = t[2],
    doc = "Filter 0, HALT, revokes; GPADLs after the close, before VMBus 4.0 before it.",
    run = function(host, guest)
      local n = net.up(host, guest)
      guest:net(n, "detach")
      guest:expect_event("net.detached", { status = 0 })
      local filter, halt, rx, tx = order(n)
      check(filter > 0 and halt > 0 and rx > 0 and tx > 0, "all four are sent")
      check(filter < halt and halt < rx and rx < tx, "their order")
      local closed, torn
      for i, m in ipairs(host:all_messages()) do
        if m.name == "close_channel" then closed = i end
        if m.name == "gpadl_teardown" and not torn then torn = i end
      end
      if t[1] == "current" then check(closed < torn, "close before teardown")
      else check(torn < closed, "teardown before close") end
      check_eq(n:info().gpadls, 0, "GPADLs that the host still has")
    end,
  }
end

case "nvsp.detach.revokes-are-not-answered" {
  level = "must", requires = { "NET-REQ-037" },
  doc = "A host that answers no revoke keeps nobody waiting.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:ignore "nvsp.revoke_receive_buffer"
    n:ignore "nvsp.revoke_send_buffer"
    guest:net(n, "detach")
    guest:expect_event("net.detached", { status = 0 }, "60s")
  end,
}

for _, name in ipairs { "rndis.set", "rndis.halt", "nvsp.rndis_packet" } do
  case("nvsp.detach.no-answer-to-" .. name:gsub("%p", "-")) {
    level = "must", requires = { "NET-SEC-17", "NET-REQ-037" }, bugs = { "BUG-158" },
    doc = "A host that has stopped answering does not keep the guest from leaving.",
    run = function(host, guest)
      local n = net.up(host, guest)
      n:ignore(name)
      guest:net(n, "detach")
      guest:expect_event("net.detached", nil, "120s")
      check_eq(n:info().gpadls, 0, "GPADLs that the host still has")
    end,
  }
end

case "nvsp.detach.frames-go-on" {
  level = "must", requires = { "NET-REQ-009" }, bugs = { "BUG-137" },
  doc = "A host that delivers during the close gets every packet completed and no one any frame.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:respond("rndis.set", function(m)
      for i = 1, 20 do n:deliver(net.frame(60, i)) end
    end)
    guest:mark()
    guest:net(n, "detach")
    guest:expect_event("net.detached", nil, "60s")
  end,
}

case "nvsp.detach.again" {
  level = "must", requires = { "NET-REQ-100" }, bugs = { "BUG-136" },
  doc = "After a detach the NIC can be attached again on the same offer, from INIT on.",
  run = function(host, guest)
    local n = net.up(host, guest)
    for round = 1, 3 do
      guest:net(n, "detach")
      guest:expect_event("net.detached", { status = 0 })
      n.busy, n.owed, n.version = {}, {}, nil
      guest:net(n, "attach", { filter = 0x0d })
      guest:expect_event("net.attached", { status = 0 })
      check_eq(n:count "nvsp.init", round + 1, "INIT messages")
      net.alive(guest, n, round)
    end
  end,
}

case "nvsp.mtu.changed" {
  level = "must", requires = { "NET-REQ-100" }, bugs = { "BUG-137" },
  doc = "Another MTU is a full detach and attach, with the filter of before.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:respond("nvsp.init", function() n.busy, n.owed = {}, {} end)
    guest:net(n, "mtu", { mtu = 4000 })
    guest:expect_event("net.attached", { status = 0, mtu = 4000 })
    local c = n:messages "nvsp.ndis_config"
    check_eq(#c, 2, "NDIS_CONFIG")
    check_eq(c[2].mtu, 4014, "mtu of the second")
    check_eq(n:count "rndis.halt", 1, "HALT")
    check_eq(n:count "nvsp.revoke_receive_buffer", 1, "revokes")
    local f = net.frame(4014, 3)
    guest:net(n, "send", { id = 1, data = f })
    n:expect_frame(f)
    net.alive(guest, n)
  end,
}

case "nvsp.mtu.lowered-by-the-host" {
  level = "must", requires = { "NET-REQ-100", "NET-REQ-073" },
  doc = "A host that takes less has its way: the guest's MTU is what MAXIMUM_FRAME_SIZE says.",
  run = function(host, guest)
    local n = net.nic(host, { mtu_max = 1514 })
    guest:online()
    guest:net(n, "attach", { mtu = 9000, filter = 0x0d })
    guest:expect_event("net.attached", { status = 0, mtu = 1500 })
    net.alive(guest, n)
  end,
}

case "nvsp.detach.rescind" {
  level = "must", requires = { "NET-SEC-17" }, bugs = { "BUG-134" },
  doc = "A NIC that is taken back while it works ends, with all memory back.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:hold "rndis.packet"
    for i = 1, 10 do guest:net(n, "send", { id = i, data = net.frame(60, i) }) end
    n:revoke()
    guest:expect_event("net.detached", nil, "60s")
    n:expect_none("nvsp.revoke_receive_buffer")
  end,
}

case "nvsp.detach.ring-corrupt" {
  level = "must", requires = { "NET-SEC-11" },
  doc = "A ring that contradicts itself is reported; the guest still can leave.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:send_raw_ring(packet { type = "transfer_pages", length8 = 0xffff })
    guest:expect_event("net.error")
    guest:net(n, "detach", nil, { may_fail = true })
    guest:expect_event("net.detached", nil, "120s")
  end,
}
