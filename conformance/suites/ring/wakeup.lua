-- SPDX-License-Identifier: BSD-2-Clause
-- Who wakes whom, and what a guest does when nobody will: chapter 10 section 3.7.

local function opened(host, guest, opts)
  local nic = host:offer { interface = "network" }
  guest:online()
  guest:opened(nic, opts)
  guest:mark()
  return nic
end

local ONE_PAGE = { tx_pages = 1, rx_pages = 1 }

-- 31 packets of 128 bytes leave 120 of 4096 free, of which 8 may never be used.
local function fill(nic, guest)
  for i = 1, 31 do check_eq(guest:send(nic, pattern(100, i)), "ok", "room for packet " .. i) end
end

case "ring.receive.thousands-by-one-signal" {
  level = "must", requires = { "CORE-REQ-048", "CORE-REQ-042" },
  doc = "A guest that takes only so many packets a turn takes the others without another signal.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 32 })
    for i = 1, 3000 do
      nic:send_raw_ring(packet { type = "inband", payload = u64(i) }, { signal = i == 3000 })
    end
    host:wait_until(function()
      return guest:count_events("packet", { channel = nic }) >= 3000
    end, "10s", "the last of 3000 packets")
    for i, e in ipairs(guest:events("packet", { channel = nic })) do
      check_eq(get_u64(e.data, 0), i, "packets in order")
    end
  end,
}

case "ring.full.no-signal-when-there-was-room" {
  level = "must", requires = { "CORE-REQ-043" }, bugs = { "BUG-005" },
  doc = "Commits that begin with more room than pending_send_size asks for signal nobody.",
  run = function(host, guest)
    local nic = opened(host, guest, ONE_PAGE)
    nic:poke_control { side = "h2g", pending_send_size = 64 }
    local before = nic:signals()
    for i = 1, 50 do
      nic:send_packet { payload = u64(i) }
      guest:expect_event("packet", { channel = nic, data = u64(i) })
    end
    host:run_for("1ms")
    check_eq(nic:signals() - before, 0, "signals for room that had always been there")
  end,
}

case "ring.full.one-signal-for-many-commits" {
  level = "must", requires = { "CORE-REQ-043" }, bugs = { "BUG-005", "BUG-007" },
  doc = "However many commits empty a full ring, only the one that crosses the size signals.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 16 })
    guest:rx_pause(nic)
    local sent = 0
    while nic:send_packet { payload = u64(sent + 1) } == "ok" do sent = sent + 1 end
    check(sent > 2000, "the host's ring was filled")
    nic:poke_control { side = "h2g", pending_send_size = 4096 }
    local before = nic:signals()
    guest:rx_resume(nic)
    host:wait_until(function()
      return guest:count_events("packet", { channel = nic }) >= sent
    end, "10s", "the last packet")
    host:run_for("1ms")
    check_eq(nic:signals() - before, 1, "signals for one crossing")
  end,
}

-- The reader makes room just after the guest has found none, and before it reads that the guest
-- waits. It will signal nobody, so the guest must look again. Without load hooks in the target
-- nothing can happen at that point on virtual time.
case "ring.full.room-made-while-asking" {
  level = "must", requires = { "CORE-REQ-045" }, bugs = { "BUG-001" },
  doc = "Room that appears between the look at read_index and the wish for room is seen.",
  run = function(host, guest)
    local nic = opened(host, guest, ONE_PAGE)
    nic:reading(false)
    fill(nic, guest)
    nic:change_after_load { side = "g2h", offset = 4, bytes = u32(10 * 128) }
    local result = guest:send(nic, pattern(100, 32))
    host:run_for("1ms")
    if host:unspent_faults() > 0 then
      host:clear_faults()
      skip("the target is not built with load hooks")
    end
    -- Sent in the same breath, or told that there is room now: both without a signal.
    if result ~= "ok" then
      guest:expect_event("space", { channel = nic })
      check_eq(guest:send(nic, pattern(100, 32)), "ok", "room for the packet")
    end
    local c = nic:control("g2h")
    check_eq(c.write_index, 0, "write_index behind the packet, at the end of the ring")
    check_eq(c.pending_send_size, 0, "pending_send_size after the wait")
  end,
}

case "ring.full.polls-a-host-without-the-feature" {
  level = "should", requires = { "CORE-REQ-045", "CORE-REQ-047" },
  doc = "A guest without room polls a host whose ring has no feature bit: no signal will come.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    -- The bit is gone before the guest hears that the channel is open: it may look only then.
    nic:answer("open", { hold = true })
    guest:open(nic, ONE_PAGE)
    host:wait_until(function() return nic:asked("open") > 0 end, "10s", "OPEN_CHANNEL")
    nic:finish("open", 0)
    nic:poke_control { side = "h2g", feature_bits = 0 }
    guest:expect_event("opened", { channel = nic, status = 0 })
    guest:mark()
    check_eq(nic:control("h2g").feature_bits, 0, "feature_bits of the host's ring")
    nic:reading(false)
    fill(nic, guest)
    check_eq(guest:send(nic, pattern(100, 32)), "again", "a packet too many")
    host:fault_signal { direction = "h2g", channel = nic, action = "drop", count = 1000 }
    nic:reading(true)
    for i = 1, 31 do nic:expect_packet { payload = pattern(100, i) } end
    guest:expect_event("space", { channel = nic }, "10s")
    guest:send(nic, "at last")
    nic:expect_packet { payload = "at last" }
    host:clear_faults()
  end,
}
