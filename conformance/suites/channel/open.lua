-- SPDX-License-Identifier: BSD-2-Clause
-- Opening and closing a channel, as the guest does it: chapter 10 sections 4.6, 5.4 and 6.4.

local function nonzero(v) return v ~= 0 end

case "channel.open.message" {
  level = "must", requires = { "CORE-REQ-081", "CORE-SEC-12" }, bugs = { "BUG-080" },
  doc = "OPEN_CHANNEL has 148 bytes without signal parameters and nothing in what carries no field.",
  config = { features = 0x04 },
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:open(nic, { tx_pages = 2, rx_pages = 2, data = "" })
    local m = nic:expect("open_channel")
    check_eq(m.size, 148, "bytes of OPEN_CHANNEL")
    check_eq(m.bytes:sub(29, 148), zeros(120), "user data of a channel opened without any")
    check_eq(get_u32(m.bytes, 4), 0, "padding of the header")
    guest:expect_event("opened", { channel = nic, status = 0 })
  end,
}

case "channel.open.user-data" {
  level = "must", requires = { "CORE-REQ-082" },
  doc = "User data of the owner travel unchanged, the rest of the 120 bytes is zero.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:open(nic, { data = pattern(33, 5) })
    local m = nic:expect("open_channel")
    check_eq(m.bytes:sub(29, 28 + 33), pattern(33, 5), "user data")
    check_eq(m.bytes:sub(29 + 33, 148), zeros(120 - 33), "bytes behind the user data")
  end,
}

case "channel.open.target-vp" {
  level = "must", requires = { "CORE-REQ-019", "CORE-REQ-018" },
  doc = "A channel opened for the second processor gets its events there.",
  config = { vps = 2 },
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic, { target_vp = 1 })
    check_eq(host:expect("open_channel").target_vp, 1, "target_vp")
    local before = host:synic(0).events
    nic:send_packet { payload = "for the second" }
    guest:expect_event("packet", { channel = nic, data = "for the second" })
    check_eq(host:synic(0).events, before, "events on the first processor")
  end,
}

case "channel.open.ring-sizes" {
  level = "must", requires = { "CORE-REQ-105", "CORE-REQ-027", "CORE-REQ-106" },
  bugs = { "BUG-025" },
  doc = "Rings of many sizes, also ones that are no power of two, over scattered pages, are opened.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    for _, pages in ipairs { { 1, 1 }, { 1, 3 }, { 5, 1 }, { 7, 9 }, { 16, 16 } } do
      guest:open(nic, { tx_pages = pages[1], rx_pages = pages[2] })
      local m = nic:expect("open_channel")
      check_eq(m.downstream_ring_buffer_page_offset, pages[1] + 1, "first page of the second ring")
      guest:expect_event("opened", { channel = nic, status = 0 })
      nic:send_packet { payload = pattern(100, pages[2]) }
      guest:expect_event("packet", { channel = nic, data = pattern(100, pages[2]) })
      guest:closed(nic)
    end
  end,
}

case "channel.open.refused-then-retried" {
  level = "must", requires = { "CORE-REQ-107" }, bugs = { "BUG-025", "BUG-100" },
  doc = "After a refused open the memory comes back and the channel can be opened again.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    for _, status in ipairs { 0x8000ffff, 1, 0xc0000017 } do
      nic:answer("open", { status = status })
      guest:open(nic)
      guest:expect_event("opened", { channel = nic, status = nonzero })
      host:settle()
    end
    nic:answer("open", {})
    guest:opened(nic)
    check_eq(nic:info().gpadls, 1, "GPADLs left: only the ring that is open")
  end,
}

case "channel.open.gpadl-refused" {
  level = "must", requires = { "CORE-REQ-096" }, bugs = { "BUG-100" },
  doc = "A ring GPADL that the host refuses ends the open; OPEN_CHANNEL is not sent.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    nic:answer("gpadl", { status = 0x8000ffff })
    guest:open(nic)
    guest:expect_event("opened", { channel = nic, status = nonzero })
    nic:expect_none("open_channel")
    nic:answer("gpadl", {})
    guest:opened(nic)
  end,
}

case "channel.open.wrong-open-id" {
  level = "must", requires = { "CORE-SEC-14" }, bugs = { "BUG-071" },
  doc = "A result with another open_id is not the answer; the right one still counts.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    nic:answer("open", { hold = true })
    guest:open(nic)
    local m = nic:expect("open_channel")
    host:send("open_channel_result", { channel_id = nic.id, open_id = m.open_id + 1, status = 0 })
    guest:expect_no_event("opened", "10ms")
    nic:finish("open", 0)
    guest:expect_event("opened", { channel = nic, status = 0 })
  end,
}

case "channel.open.result-of-another-channel" {
  level = "must", requires = { "CORE-SEC-14" },
  doc = "A result for another channel, or for none, does not open this one.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    local disk = host:offer { interface = "scsi" }
    guest:online()
    nic:answer("open", { hold = true })
    guest:open(nic)
    local m = nic:expect("open_channel")
    for _, id in ipairs { disk.id, 0, 1999, 2048, 0xffffffff } do
      host:send("open_channel_result", { channel_id = id, open_id = m.open_id, status = 0 })
    end
    guest:expect_no_event("opened", "10ms")
    nic:finish("open", 0)
    guest:expect_event("opened", { channel = nic, status = 0 })
  end,
}

case "channel.open.second-result-ignored" {
  level = "must", requires = { "CORE-SEC-13", "CORE-SEC-14" },
  doc = "A second result, even a failure, does not touch an open channel.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    local m = nic:expect("open_channel")
    m:reply("open_channel_result", { status = 0x8000ffff })
    m:reply("open_channel_result", { status = 0 })
    guest:expect_no_event("opened", "10ms")
    guest:send(nic, "open still")
    nic:expect_packet { payload = "open still" }
  end,
}

case "channel.open.result-truncated" {
  level = "must", requires = { "CORE-SEC-04" },
  doc = "Results cut short are dropped, at every length.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    nic:answer("open", { hold = true })
    guest:open(nic)
    local m = nic:expect("open_channel")
    for n = 0, 19 do m:reply("open_channel_result", { status = 0 }, { truncate = n }) end
    guest:expect_no_event("opened", "10ms")
    nic:finish("open", 0)
    guest:expect_event("opened", { channel = nic, status = 0 })
  end,
}

case "channel.open.data-before-result" {
  level = "must", requires = { "CORE-REQ-048" }, bugs = { "BUG-062" },
  doc = "Data and a signal that come before the result is handled are not lost.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:hold("open_channel_result")
    guest:open(nic)
    nic:expect("open_channel")
    host:run_for("1ms")
    nic:send_packet { payload = "early" }
    host:run_for("1ms")
    host:auto("open_channel_result")
    host:release("open_channel_result")
    guest:expect_event("opened", { channel = nic, status = 0 })
    guest:expect_event("packet", { channel = nic, data = "early" })
  end,
}

case "channel.open.data-without-signal-before-result" {
  level = "should", requires = { "CORE-REQ-042" }, bugs = { "BUG-062" },
  doc = "Data put before the result, their signal lost, are found by the scan after the open.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:hold("open_channel_result")
    guest:open(nic)
    nic:expect("open_channel")
    host:run_for("1ms")
    host:fault_signal { direction = "h2g", action = "drop" }
    nic:send_packet { payload = "unsignalled" }
    host:run_for("1ms")
    host:auto("open_channel_result")
    host:release("open_channel_result")
    guest:expect_event("packet", { channel = nic, data = "unsignalled" })
  end,
}

case "channel.open.post-fails" {
  level = "must", requires = { "CORE-REQ-107" }, bugs = { "BUG-079", "BUG-100" },
  doc = "An open whose message cannot be posted fails cleanly and can be tried again.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:fail_post(0x06, 1, { message = "open_channel" })
    guest:open(nic)
    guest:expect_event("opened", { channel = nic, status = nonzero })
    host:settle()
    guest:opened(nic)
    guest:send(nic, "after all")
    nic:expect_packet { payload = "after all" }
  end,
}

case "channel.open.two-at-once" {
  level = "must", requires = { "CORE-REQ-103" }, bugs = { "BUG-101", "BUG-091" },
  doc = "Two opens under way at once use different GPADL ids and both succeed.",
  run = function(host, guest)
    local a = host:offer { interface = "network" }
    local b = host:offer { interface = "scsi" }
    guest:online()
    a:answer("open", { hold = true })
    b:answer("open", { hold = true })
    guest:open(a, { tx_pages = 40, rx_pages = 40 })
    guest:open(b, { tx_pages = 40, rx_pages = 40 })
    local ma, mb = a:expect("open_channel"), nil
    host:run_for("10ms")
    mb = host:messages("open_channel", { channel_id = b.id })[1]
    check(mb ~= nil, "the second open did not wait for the first")
    check_ne(ma.ring_buffer_gpadl_id, mb.ring_buffer_gpadl_id, "GPADL ids")
    b:finish("open", 0)
    guest:expect_event("opened", { channel = b, status = 0 })
    a:finish("open", 0)
    guest:expect_event("opened", { channel = a, status = 0 })
  end,
}

case "channel.open.signal-parameters" {
  level = "must", requires = { "CORE-REQ-081", "CORE-REQ-112" },
  doc = "With signal parameters granted OPEN_CHANNEL has 156 bytes and the event flag named works.",
  config = { features = 0x1 },
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:connect()
    local e = guest:expect_event("connected")
    if e.features & 3 == 0 then skip("the driver does not ask for signal parameters") end
    guest:expect_event("offers_done")
    guest:opened(nic)
    local m = nic:expect("open_channel")
    check_eq(m.size, 156, "bytes of OPEN_CHANNEL")
    nic:send_packet { payload = "by its flag" }
    guest:expect_event("packet", { channel = nic, data = "by its flag" })
    guest:send(nic, "by its connection")
    nic:expect_packet { payload = "by its connection" }
  end,
}

case "channel.close.order" {
  level = "must", requires = { "CORE-REQ-107", "CORE-SEC-31" },
  doc = "A close is CLOSE_CHANNEL, then GPADL_TEARDOWN; memory is free only after GPADL_TORNDOWN.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    local gpadl = nic:expect("open_channel").ring_buffer_gpadl_id
    nic:answer("teardown", { hold = true })
    guest:close(nic)
    nic:expect("close_channel")
    nic:expect("gpadl_teardown", { gpadl_id = gpadl })
    guest:expect_no_event("closed", "1s")
    nic:finish("teardown", 0)
    guest:expect_event("closed", { channel = nic })
  end,
}

case "channel.close.reopen" {
  level = "must", requires = { "CORE-REQ-084", "CORE-REQ-106" },
  doc = "A channel can be closed and opened again many times; each ring starts empty.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    for i = 1, 10 do
      guest:opened(nic, { tx_pages = 1 + i % 3, rx_pages = 1 + i % 2 })
      check_eq(nic:control("g2h").write_index, 0, "write_index of a new ring")
      guest:send(nic, "turn " .. i)
      nic:expect_packet { payload = "turn " .. i }
      guest:closed(nic)
    end
    check_eq(nic:count("close_channel"), 10, "CLOSE_CHANNEL sent")
  end,
}

case "channel.close.extra-gpadls-survive-or-return" {
  level = "must", requires = { "CORE-SEC-31" }, bugs = { "BUG-083", "BUG-097" },
  doc = "Other GPADLs of a channel are torn down by their owner, also after the close.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    guest:gpadl_create(nic, 30, { id = 1 })
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
    guest:closed(nic)
    guest:gpadl_teardown(nic, 1)
    guest:expect_event("gpadl_torndown", { channel = nic, id = 1 })
    check_eq(nic:info().gpadls, 0, "GPADLs left at the host")
  end,
}

case "channel.signal.spurious" {
  level = "must", requires = { "CORE-REQ-048", "CORE-SEC-09" },
  doc = "Signals with nothing to do, for closed channels and unknown flags, are harmless.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    local disk = host:offer { interface = "scsi" }
    guest:online()
    guest:opened(nic)
    for _ = 1, 5 do nic:signal() end
    for _, flag in ipairs { 0, disk.id, 77, 1024, 2047 } do host:signal_flag(flag) end
    host:interrupt(0, 2)
    host:run_for("1ms")
    nic:send_packet { payload = "real" }
    guest:expect_event("packet", { channel = nic, data = "real" })
    guest:expect_no_event("channel_error", "0s")
  end,
}

case "channel.signal.flag-cleared-first" {
  level = "must", requires = { "CORE-REQ-018" }, bugs = { "BUG-092" },
  doc = "The event flag is cleared, so that each of many packets brings its own event.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    for i = 1, 50 do
      nic:send_packet { payload = pattern(8, i) }
      guest:expect_event("packet", { channel = nic, data = pattern(8, i) })
    end
  end,
}
