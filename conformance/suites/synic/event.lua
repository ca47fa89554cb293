-- SPDX-License-Identifier: BSD-2-Clause
-- Event flags, the interrupt page of old hosts and the monitor page, from the guest's side:
-- chapter 10 sections 2.7 and 2.10 to 2.12.

local function opened(host, guest, o)
  local offer = { interface = "network" }
  for k, v in pairs(o or {}) do offer[k] = v end
  local nic = host:offer(offer)
  guest:online()
  guest:opened(nic)
  guest:mark()
  return nic
end

-- GPA of the event flags of SINT 2
local function flags_page(host, vp)
  local page
  for _, w in ipairs(host:msr_writes(0x40000082)) do
    if w.vp == (vp or 0) and w.value & 1 == 1 then page = w.value & ~0xfff end
  end
  return check(page, "the guest has enabled an event flags page") + 2 * 256
end

local function still_works(guest, nic, tag)
  nic:send_packet { payload = tag }
  guest:expect_event("packet", { channel = nic, data = tag })
  guest:send(nic, "back " .. tag)
  nic:expect_packet { payload = "back " .. tag }
end

case "synic.event.flags-of-nobody" {
  level = "must", requires = { "CORE-SEC-09", "CORE-REQ-048" },
  doc = "Flags of no channel, flag 0 and flag 2047 among them, are cleared and ignored.",
  run = function(host, guest)
    local nic = opened(host, guest)
    local page = flags_page(host)
    for _, flag in ipairs { 0, 2, 31, 32, 63, 64, 700, 2046, 2047 } do host:signal_flag(flag) end
    host:run_for("1ms")
    check_eq(host:read_memory(page, 256), zeros(256), "the flags afterwards")
    guest:expect_no_event("channel_error", "0s")
    still_works(guest, nic, "alive")
  end,
}

case "synic.event.all-flags-at-once" {
  level = "must", requires = { "CORE-SEC-09", "CORE-REQ-048" },
  doc = "A host that sets all 2048 flags again and again disturbs no channel.",
  run = function(host, guest)
    local nic = opened(host, guest)
    local page = flags_page(host)
    for i = 1, 10 do
      host:write_memory(page, ("\xff"):rep(256))
      host:interrupt(0, 2)
      host:run_for("100us")
      check_eq(host:read_memory(page, 256), zeros(256), "the flags afterwards")
      still_works(guest, nic, "round " .. i)
    end
  end,
}

case "synic.event.spurious-flag-of-a-channel" {
  level = "must", requires = { "CORE-REQ-048" },
  doc = "A channel's flag without anything in its rings does nothing.",
  run = function(host, guest)
    local nic = opened(host, guest)
    for _ = 1, 20 do
      nic:signal()
      host:run_for("10us")
    end
    guest:expect_no_event("packet", "1ms")
    still_works(guest, nic, "alive")
  end,
}

case "synic.event.closed-and-rescinded-channels" {
  level = "must", requires = { "CORE-SEC-09", "CORE-SEC-11" },
  doc = "Flags of channels that are not opened yet, closed, rescinded or released are ignored.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    local disk = host:offer { interface = "scsi" }
    guest:online()
    local id = nic.id
    local function poke()
      host:signal_flag(id)
      host:run_for("100us")
    end
    poke()
    guest:opened(nic)
    poke()
    guest:closed(nic)
    poke()
    nic:revoke()
    host:signal_flag(id)
    guest:expect_event("rescind")
    poke()
    guest:release(id)
    host:expect("rel_id_released", { channel_id = id })
    poke()
    guest:opened(disk)
    still_works(guest, disk, "other channel")
  end,
}

case "synic.event.ids-in-every-word" {
  level = "must", requires = { "CORE-REQ-018" },
  doc = "Channels whose flags are first, last or far away in the page are all heard.",
  run = function(host, guest)
    local channels = {}
    for i, id in ipairs { 1, 31, 32, 33, 63, 64, 1000, 2016, 2047 } do
      channels[i] = host:offer { interface = "scsi", channel_id = id }
    end
    guest:online()
    for _, ch in ipairs(channels) do guest:opened(ch, { tx_pages = 1, rx_pages = 1 }) end
    guest:mark()
    for round = 1, 2 do
      for _, ch in ipairs(channels) do ch:send_packet { payload = u64(round) } end
      host:wait_until(function() return guest:count_events("packet") == round * #channels end,
                      "1s", "a packet on every channel")
    end
    for _, ch in ipairs(channels) do
      check_eq(guest:count_events("packet", { channel = ch }), 2, "packets of channel " .. ch.id)
    end
  end,
}

case "synic.event.cleared-each-time" {
  level = "must", requires = { "CORE-REQ-018" }, bugs = { "BUG-092" },
  doc = "A flag is cleared when it is handled, so that every later signal is heard.",
  run = function(host, guest)
    local nic = opened(host, guest)
    local page = flags_page(host)
    for i = 1, 30 do
      nic:send_packet { payload = u64(i) }
      guest:expect_event("packet", { channel = nic, data = u64(i) })
      host:settle("1ms")
      check_eq(host:read_memory(page, 256), zeros(256), "the flags afterwards")
    end
  end,
}

case "synic.event.other-sints" {
  level = "must", requires = { "CORE-SEC-09" },
  doc = "Flags of other SINTs are none of VMBus's business.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:reading(false)
    for _, sint in ipairs { 0, 1, 3, 7, 15 } do
      host:signal_flag(nic.id, { sint = sint })
      host:interrupt(0, sint)
    end
    host:run_for("1ms")
    nic:reading(true)
    still_works(guest, nic, "alive")
  end,
}

case "synic.event.on-the-processor-of-the-open" {
  level = "must", requires = { "CORE-REQ-019" }, config = { vps = 4 },
  doc = "A guest hears a channel on the processor that its OPEN_CHANNEL named.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic, { target_vp = 3 })
    check_eq(nic:info().target_vp, 3, "target_vp of the open")
    guest:mark()
    for i = 1, 5 do
      nic:send_packet { payload = u64(i) }
      guest:expect_event("packet", { channel = nic, data = u64(i) })
    end
    check(host:synic(3).events > 0, "events on processor 3")
  end,
}

case "synic.event.flag-on-another-processor" {
  level = "quirk", requires = { "CORE-SEC-09" }, config = { vps = 2 },
  doc = "A channel's flag on a processor that is not its own is heard or ignored.",
  run = function(host, guest)
    local nic = opened(host, guest)
    for _ = 1, 10 do
      host:signal_flag(nic.id, { vp = 1 })
      host:run_for("10us")
    end
    guest:expect_no_event("channel_error", "0s")
    still_works(guest, nic, "alive")
  end,
}

-- Signals of the guest ------------------------------------------------------------------------

case "synic.signal.fast-and-by-the-offer" {
  level = "must", requires = { "CORE-REQ-011", "CORE-REQ-013" },
  doc = "A guest signals by the fast form of the call, on the offer's connection, with flag 0.",
  run = function(host, guest)
    local nic = opened(host, guest, { connection_id = 0xabcdef })
    local connection = nic:info().signal_connection
    if connection == 0xabcdef then
      host:fail_signal(0x0e, 1, { deliver = true })
      guest:send(nic, "one")
      nic:expect_packet { payload = "one" }
      local failed = host:failed_calls()
      check_eq(#failed, 1, "calls that failed")
      check_eq(failed[1].control, 0x1005d, "control word")
    end
    guest:send(nic, "two")
    nic:expect_packet { payload = "two" }
    local calls = host:signal_calls(connection)
    check(#calls > 0, "signals on the connection of the channel")
    for _, call in ipairs(calls) do check_eq(call.flag, 0, "flag of a signal") end
    check_eq(#host:signal_calls(), #calls, "signals in all")
  end,
}

-- Old hosts ---------------------------------------------------------------------------------

-- Connected at that version, or the case is skipped.
local function at_version(host, guest, version)
  guest:connect()
  host:wait_until(function()
    return guest:count_events("connected") + guest:count_events("connect_failed") > 0
  end, "300s", "the end of the negotiation")
  if host:info().version ~= version then
    skip(("the driver does not speak %d.%d"):format(version >> 16, version & 0xffff))
  end
  if host:info().interrupt_page == 0 then
    skip("the driver names no interrupt page, so the host has no way to signal it")
  end
  guest:expect_event("offers_done")
end

for _, v in ipairs { 0x0000d, 0x10001 } do
  local text = ("%d-%d"):format(v >> 16, v & 0xffff)

  case("synic.old.host-signals-by-the-page-at-" .. text) {
    level = "must", requires = { "CORE-REQ-020" }, config = { host = { max_version = v } },
    doc = "Below 2.4 a guest finds its channel in the interrupt page, and clears the bit.",
    run = function(host, guest)
      local nic = host:offer { interface = "network", channel_id = 77 }
      local disk = host:offer { interface = "scsi", channel_id = 2047 }
      at_version(host, guest, v)
      guest:opened(nic)
      guest:opened(disk)
      for i = 1, 10 do
        nic:send_packet { payload = u64(i) }
        guest:expect_event("packet", { channel = nic, data = u64(i) })
        disk:send_packet { payload = u64(-i) }
        guest:expect_event("packet", { channel = disk, data = u64(-i) })
        check_eq(host:read_memory(host:info().interrupt_page, 2048), zeros(2048),
                 "the host's half of the page")
      end
    end,
  }

  case("synic.old.bits-of-nobody-at-" .. text) {
    level = "must", requires = { "CORE-REQ-020", "CORE-SEC-09" },
    config = { host = { max_version = v } },
    doc = "Below 2.4 bits of channels that do not exist, and flag 0 without bits, do nothing.",
    run = function(host, guest)
      local nic = host:offer { interface = "network" }
      at_version(host, guest, v)
      guest:opened(nic)
      local page = host:info().interrupt_page
      for i = 1, 5 do
        host:write_memory(page, ("\xff"):rep(2048))
        host:signal_flag(0)
        host:run_for("100us")
        host:signal_flag(0)
        host:run_for("100us")
        still_works(guest, nic, "round " .. i)
      end
      guest:expect_no_event("channel_error", "0s")
    end,
  }

  case("synic.old.guest-signals-at-" .. text) {
    level = "must", requires = { "CORE-REQ-021" }, config = { host = { max_version = v } },
    doc = "Without a dedicated connection a guest sets its bit and signals connection 2.",
    run = function(host, guest)
      local nic = host:offer { interface = "network", channel_id = 77 }
      at_version(host, guest, v)
      guest:opened(nic)
      nic:reading(false)
      guest:send(nic, "signal me")
      host:run_for("1ms")
      check_eq(nic:signals(), 1, "signals of the channel")
      local calls = host:signal_calls()
      check_eq(#calls, 1, "HvSignalEvent calls")
      if v < 0x10001 then
        check_eq(calls[1].connection, 2, "connection")
      else
        check_eq(calls[1].connection, nic:info().connection_id, "the offer's connection")
      end
      nic:reading(true)
      nic:expect_packet { payload = "signal me" }
    end,
  }
end

case "synic.old.not-dedicated-at-1-1" {
  level = "must", requires = { "CORE-REQ-021", "CORE-REQ-013" },
  config = { host = { max_version = 0x10001 } },
  doc = "At 1.1 an offer that is not dedicated is signalled by its bit and connection 2.",
  run = function(host, guest)
    -- is_dedicated is at offset 190 of the offer.
    host:fault_message { direction = "h2g", message = "offer_channel", action = "corrupt",
                         offset = 190, value = 0, count = 1 }
    local nic = host:offer { interface = "network", channel_id = 77 }
    guest:connect()
    host:run_for("100s")
    if host:info().version ~= 0x10001 or host:info().interrupt_page == 0 then
      host:clear_faults()
      skip("the driver does not speak 1.1 with an interrupt page")
    end
    guest:opened(nic)
    guest:send(nic, "signal me")
    nic:expect_packet { payload = "signal me" }
    check(#host:signal_calls(2) > 0, "signals on connection 2")
    check_eq(#host:signal_calls(), #host:signal_calls(2), "signals on others")
  end,
}

-- The monitor page --------------------------------------------------------------------------

local function pending(host)
  local page = host:info().monitor_page_c2p
  local bits = ""
  for g = 0, 3 do bits = bits .. host:read_memory(page + 8 + 8 * g, 4) end
  return bits
end

case "synic.monitor.not-without-an-id" {
  level = "must", requires = { "CORE-REQ-022" }, config = { host = { monitor_poll = "1s" } },
  doc = "A guest whose offer has no monitor id leaves the monitor page alone and calls.",
  run = function(host, guest)
    local nic = opened(host, guest, { monitored = false })
    if host:info().monitor_page_c2p == 0 then skip("the driver negotiates no monitor pages") end
    guest:send(nic, "called")
    nic:expect_packet({ payload = "called" }, "10ms")
    check_eq(pending(host), zeros(16), "pending bits")
    check(#host:signal_calls() > 0, "calls")
  end,
}

case "synic.monitor.bit-or-call" {
  level = "must", requires = { "CORE-REQ-022", "CORE-REQ-023" },
  doc = "A monitored channel is signalled by its bit or by a call, in time either way.",
  run = function(host, guest)
    local nic = opened(host, guest, { monitored = true, latency = 1000 })
    if host:info().monitor_page_c2p == 0 then skip("the driver negotiates no monitor pages") end
    check_ne(nic:info().monitor_id, 0xff, "monitor id of the offer")
    for i = 1, 10 do
      guest:send(nic, u64(i))
      nic:expect_packet({ payload = u64(i) }, "1ms")
    end
  end,
}

case "synic.monitor.only-its-own-bit" {
  level = "must", requires = { "CORE-REQ-022", "CORE-SEC-55" },
  config = { host = { monitor_poll = "100s" } },
  doc = "A guest sets no pending bit but that of its channel.",
  run = function(host, guest)
    for _ = 1, 70 do host:offer { interface = "scsi", monitored = true } end
    local nic = opened(host, guest, { interface = "network", monitored = true })
    if host:info().monitor_page_c2p == 0 then skip("the driver negotiates no monitor pages") end
    local id = nic:info().monitor_id
    guest:send(nic, "by bit or call")
    host:run_for("1ms")
    local bits = pending(host)
    local own = bits:byte(id // 8 + 1) or 0
    check(own & ~(1 << id % 8) == 0, "other bits in the byte of the channel")
    check_eq(bits:sub(1, id // 8) .. bits:sub(id // 8 + 2), zeros(15), "bits of other channels")
    if own == 0 then check(#host:signal_calls() > 0, "a call instead of the bit") end
  end,
}

case "synic.monitor.no-pages-no-bits" {
  level = "must", requires = { "CORE-REQ-022" }, config = { host = { no_monitor = true } },
  doc = "Offered without a monitor id by a host that has none, a guest calls.",
  run = function(host, guest)
    local nic = opened(host, guest, { monitored = true })
    check_eq(nic:info().monitor_id, 0xff, "monitor id of the offer")
    guest:send(nic, "called")
    nic:expect_packet({ payload = "called" }, "10ms")
    check(#host:signal_calls() > 0, "calls")
  end,
}

-- Pages that the server brings: CORE-SEC-58.
for _, t in ipairs { { "zero", 0 }, { "unaligned", 0x100001008 } } do
  case("synic.monitor.server-page-" .. t[1]) {
    level = "must", requires = { "CORE-SEC-58" },
    doc = "An answer whose server-specified monitor page is " .. t[1] .. " is not accepted.",
    run = function(host, guest)
      host:ignore("initiate_contact")
      guest:connect()
      local m = host:expect("initiate_contact")
      if m.version_requested < 0x60000 or m.feature_flags & 0x40 == 0 then
        skip("the driver does not request server_specified_monitor_pages")
      end
      m:reply("version_response", { version_supported = 1,
        selected_version_or_connection_id = 0x24, has_features = true, supported_features = 0x40,
        has_monitor_pages = true, parent_to_child_monitor_page_gpa = 0,
        child_to_parent_monitor_page_gpa = t[2] }, { version = 0x60000, features = 0x40 })
      host:expect_none("request_offers", "1s")
      guest:expect_no_event("connected", "0s", { version = 0x60000 })
    end,
  }
end
