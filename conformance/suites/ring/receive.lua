-- SPDX-License-Identifier: BSD-2-Clause
-- What a guest makes of the packets in its incoming ring: chapter 10 sections 3.2 to 3.6, 3.9.

local function opened(host, guest, opts)
  local nic = host:offer { interface = "network" }
  guest:online()
  guest:opened(nic, opts)
  guest:mark()
  return nic
end

-- The ring is given up, this channel only: another one still works.
local function only_this_channel_ends(host, guest, nic)
  guest:expect_event("channel_error", { channel = nic })
  local disk = host:offer { interface = "scsi" }
  guest:expect_event("offer", { channel = disk })
  guest:opened(disk)
  disk:send_packet { payload = "other channels live" }
  guest:expect_event("packet", { channel = disk, data = "other channels live" })
end

case "ring.receive.wrap-at-every-offset" {
  level = "must", requires = { "CORE-REQ-026", "CORE-REQ-024" }, bugs = { "BUG-013" },
  doc = "Packets that straddle the end of the ring at every multiple of 8 arrive whole.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 1 })
    for i = 1, 700 do
      local payload = pattern(1 + i * 7 % 90, i)
      check_eq(nic:send_packet { payload = payload }, "ok", "room in the ring")
      guest:expect_event("packet", { channel = nic, data = payload })
    end
  end,
}

case "ring.receive.not-a-power-of-two" {
  level = "must", requires = { "CORE-REQ-027" },
  doc = "A ring of three pages wraps where it ends.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 3, rx_pages = 3 })
    for i = 1, 60 do
      nic:send_packet { payload = pattern(1000 + i, i) }
      guest:expect_event("packet", { channel = nic, data = pattern(1000 + i, i) })
    end
  end,
}

case "ring.receive.many-by-one-signal" {
  level = "must", requires = { "CORE-REQ-048", "CORE-REQ-042" },
  doc = "One signal covers any number of packets; all are taken in order.",
  run = function(host, guest)
    local nic = opened(host, guest)
    for i = 1, 100 do
      nic:send_raw_ring(packet { type = "inband", payload = u64(i) }, { signal = i == 100 })
    end
    for i = 1, 100 do guest:expect_event("packet", { channel = nic, data = u64(i) }) end
  end,
}

case "ring.receive.descriptor-only" {
  level = "must", requires = { "CORE-REQ-028" }, bugs = { "BUG-023" },
  doc = "A packet without payload is legal and reported.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:send_packet { payload = "" }
    nic:send_packet { payload = "next" }
    local e = guest:expect_event("packet", { channel = nic })
    check_eq(#e.data, 0, "bytes of payload")
    guest:expect_event("packet", { channel = nic, data = "next" })
  end,
}

case "ring.receive.transfer-pages" {
  level = "must", requires = { "CORE-REQ-032", "CORE-REQ-037" },
  doc = "Transfer-page packets are taken, whatever is in their reserved fields.",
  run = function(host, guest)
    local nic = opened(host, guest)
    local extra = transfer_pages(0xcafe, { { 0, 100 }, { 4096, 60 } })
    nic:send_packet { type = "transfer_pages", extra = extra, payload = "body", id = 5,
                      completion = true }
    guest:expect_event("packet", { channel = nic, data = "body", id = 5 })
    extra = extra:sub(1, 2) .. "\xa5\x5a" .. extra:sub(5)
    nic:send_packet { type = "transfer_pages", extra = extra, payload = "odd", id = 6,
                      completion = true }
    guest:expect_event("packet", { channel = nic, data = "odd", id = 6 })
  end,
}

case "ring.receive.transfer-page-count-beyond-header" {
  level = "must", requires = { "CORE-SEC-23" },
  doc = "A range count that does not fit the header makes no guest read past it.",
  run = function(host, guest)
    local nic = opened(host, guest)
    for _, count in ipairs { 2, 3, 1000, 0x20000000, 0xffffffff } do
      local extra = u16(0xcafe) .. u16(0) .. u32(count) .. u32(16) .. u32(0)
      nic:send_packet { type = "transfer_pages", extra = extra, payload = "p", id = 1,
                        completion = true }
    end
    host:run_for("1ms")
    nic:send_packet { payload = "after" }
    host:run_for("1ms")
    local after = guest:count_events("packet", { channel = nic, type = "inband" })
    local errors = guest:count_events("channel_error", { channel = nic })
    check(after + errors >= 1, "the guest goes on or gives the channel up")
  end,
}

case "ring.receive.unknown-flags-never-acted-upon" {
  level = "must", requires = { "CORE-REQ-034", "CORE-REQ-122" },
  doc = "Flags other than bit 0 are refused or ignored.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:send_raw_ring(packet { type = "inband", flags = 0xfffe, payload = "flagged" })
    host:run_for("1ms")
    local taken = guest:events("packet", { channel = nic })
    if #taken > 0 then
      check_eq(taken[1].flags & 0xfffe, 0, "unknown flags handed on")
    else
      check_eq(guest:count_events("channel_error", { channel = nic }), 1, "refusals")
    end
  end,
}

case "ring.receive.trailer-not-interpreted" {
  level = "must", requires = { "CORE-SEC-52" },
  doc = "A wrong trailer behind a packet does no harm.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:send_raw_ring(packet { type = "inband", payload = "one", trailer = ("\xff"):rep(8) })
    nic:send_raw_ring(packet { type = "inband", payload = "two", trailer = zeros(8) })
    guest:expect_event("packet", { channel = nic, data = "one" })
    guest:expect_event("packet", { channel = nic, data = "two" })
  end,
}

case "ring.receive.completion-requested-is-answered" {
  level = "must", requires = { "CORE-REQ-038" },
  doc = "A completion of the guest repeats the id of the request and has no flags.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:send_packet { payload = "do it", id = 0x1122334455667788, completion = true }
    guest:expect_event("packet", { channel = nic, data = "do it", flags = 1,
                                   id = 0x1122334455667788 })
    guest:complete(nic, 0x1122334455667788, "done")
    nic:expect_packet { type = "completion", id = 0x1122334455667788, flags = 0, payload = "done" }
  end,
}

-- Descriptors that no honest sender writes. The channel must end with a report, or the packet
-- be dropped; a byte outside the ring is never touched (sanitizers and guard pages see it).
local function refused(name, t, text, bugs)
  case("ring.corrupt." .. name) {
    level = "must", requires = { "CORE-REQ-050", "CORE-SEC-16", "CORE-SEC-54" }, bugs = bugs,
    doc = "A packet " .. text .. " is refused, and only its channel suffers.",
    run = function(host, guest)
      local nic = opened(host, guest)
      nic:send_raw_ring(packet(t), { advance = t.advance })
      host:run_for("1ms")
      for _, e in ipairs(guest:events("packet", { channel = nic })) do
        check(#e.data <= 64, "bytes handed on from a bad packet")
      end
      only_this_channel_ends(host, guest, nic)
    end,
  }
end

refused("offset-below-descriptor", { type = "inband", payload = "x", offset8 = 1 },
        "whose payload begins inside its descriptor", { "BUG-019" })
refused("offset-zero", { type = "inband", payload = "x", offset8 = 0 },
        "with data_offset8 of 0", { "BUG-019" })
refused("length-below-offset", { type = "inband", payload = "x", offset8 = 3, length8 = 2 },
        "shorter than its own header", { "BUG-019" })
refused("length-zero", { type = "inband", payload = "x", length8 = 0 },
        "with length8 of 0", { "BUG-029" })
refused("length-one", { type = "inband", payload = "x", length8 = 1, offset8 = 2 },
        "with length8 of 1", { "BUG-029" })
refused("length-beyond-available", { type = "inband", payload = "x", length8 = 100 },
        "longer than what is in the ring", { "BUG-019" })
refused("length-65535", { type = "inband", payload = "x", length8 = 0xffff },
        "of the largest length a descriptor can tell", { "BUG-019" })
refused("half-a-descriptor", { type = "inband", payload = "", advance = 8 },
        "of which only half the descriptor is in the ring", { "BUG-029" })

-- Types that a host never sends (CORE-REQ-032); a guest reports corruption or drops them.
for _, t in ipairs { { "synch", 1 }, { "add-page-set", 2 }, { "establish-gpadl", 4 },
                     { "gpadl-data", 8 }, { "gpa-direct", 9 }, { "cancel", 10 },
                     { "additional", 13 }, { "unknown", 0x1234 } } do
  case("ring.type." .. t[1] .. "-not-accepted") {
    level = "must", requires = { "CORE-REQ-032" },
    doc = ("A packet of type %d is not taken for data."):format(t[2]),
    run = function(host, guest)
      local nic = opened(host, guest)
      nic:send_raw_ring(packet { type = t[2], payload = "no data" })
      host:run_for("1ms")
      check_eq(guest:count_events("packet", { channel = nic }), 0, "packets handed on")
      local disk = host:offer { interface = "scsi" }
      guest:expect_event("offer", { channel = disk })
      guest:opened(disk)
    end,
  }
end

-- Write indices that do not lie in the ring.
for _, t in ipairs { { "at-the-end", 4 * 4096 }, { "beyond", 4 * 4096 + 8 },
                     { "huge", 0xfffffff8 }, { "odd", 12 }, { "odd-low", 1 } } do
  case("ring.index.write-" .. t[1]) {
    level = "must", requires = { "CORE-REQ-051", "CORE-SEC-17" },
    doc = ("A write_index of 0x%x in a ring of four pages ends the channel."):format(t[2]),
    run = function(host, guest)
      local nic = opened(host, guest, { tx_pages = 4, rx_pages = 4 })
      nic:poke_control { side = "h2g", write_index = t[2] }
      nic:signal()
      only_this_channel_ends(host, guest, nic)
    end,
  }
end

for _, t in ipairs { { "at-the-end", 4 * 4096 }, { "huge", 0xfffffff8 }, { "odd", 4 } } do
  case("ring.index.read-" .. t[1]) {
    level = "must", requires = { "CORE-REQ-051", "CORE-SEC-17" },
    doc = ("A read_index of 0x%x that the host claims ends the channel or is not needed."):format(
      t[2]),
    run = function(host, guest)
      local nic = opened(host, guest, { tx_pages = 4, rx_pages = 4 })
      nic:reading(false)
      nic:poke_control { side = "g2h", read_index = t[2] }
      for i = 1, 20 do
        if guest:send(nic, pattern(1000, i), { may_fail = true }) ~= "ok" then break end
      end
      host:run_for("1ms")
      check(nic:control("g2h").write_index < 4 * 4096, "write_index stays inside the ring")
      local disk = host:offer { interface = "scsi" }
      guest:expect_event("offer", { channel = disk })
      guest:opened(disk)
    end,
  }
end

case "ring.index.own-read-index-is-private" {
  level = "must", requires = { "CORE-SEC-18" },
  doc = "A guest does not take its own read_index back from shared memory.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:send_packet { payload = "one" }
    guest:expect_event("packet", { channel = nic, data = "one" })
    nic:poke_control { side = "h2g", read_index = 0 }
    nic:send_raw_ring(packet { type = "inband", payload = "two" })
    guest:expect_event("packet", { channel = nic, data = "two" })
    guest:expect_no_event("packet", "1ms")
  end,
}

case "ring.index.own-write-index-is-private" {
  level = "must", requires = { "CORE-SEC-18" },
  doc = "A guest does not take its own write_index back from shared memory.",
  run = function(host, guest)
    local nic = opened(host, guest)
    guest:send(nic, "one")
    nic:expect_packet { payload = "one" }
    local right = nic:control("g2h").write_index
    nic:reading(false)
    nic:poke_control { side = "g2h", write_index = 4096 }
    guest:send(nic, "two")
    host:run_for("1ms")
    check_eq(nic:control("g2h").write_index, right + 16 + 8 + 8, "write_index after the second")
  end,
}

case "ring.receive.oversized-skipped-whole" {
  level = "must", requires = { "CORE-SEC-19" }, bugs = { "BUG-011", "BUG-014" },
  doc = "A packet larger than the receiver takes is skipped whole: the next one is read right.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 30, rx_pages = 30 })
    nic:send_packet { payload = pattern(100000, 1) }
    nic:send_packet { payload = "after the giant" }
    local found = false
    host:run_for("10ms")
    for _, e in ipairs(guest:events("packet", { channel = nic })) do
      if e.data:sub(1, 15) == "after the giant" then found = true end
      check(#e.data >= 100000 or e.data:sub(1, 15) == "after the giant",
            "a packet is handed on whole or not at all")
    end
    check(found, "the packet behind the giant arrived")
  end,
}

case "ring.receive.largest-legal" {
  level = "must", requires = { "CORE-REQ-025" }, bugs = { "BUG-014" },
  doc = "A packet that fills the ring but for the gap arrives whole.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 1 })
    local payload = pattern(4096 - 16 - 24, 3)
    check_eq(nic:send_packet { payload = payload }, "ok", "room for the largest packet")
    guest:expect_event("packet", { channel = nic, data = payload })
  end,
}
