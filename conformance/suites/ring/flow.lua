-- SPDX-License-Identifier: BSD-2-Clause
-- Signals and flow control of both rings: chapter 10 sections 3.1 and 3.7.

local function opened(host, guest, opts)
  local nic = host:offer { interface = "network" }
  guest:online()
  guest:opened(nic, opts)
  guest:mark()
  return nic
end

-- Fill the guest's outgoing ring while the host does not read. Returns what was accepted.
local function fill(nic, guest, size)
  local sent = 0
  for i = 1, 10000 do
    if guest:send(nic, pattern(size, i)) ~= "ok" then break end
    sent = i
  end
  return sent
end

case "ring.send.layout" {
  level = "must", requires = { "CORE-REQ-028", "CORE-REQ-029", "CORE-REQ-030", "CORE-SEC-51" },
  bugs = { "BUG-080" },
  doc = "Descriptor, padding and trailer of what a guest writes are exact, unused bytes zero.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:reading(false)
    local at = 0
    for size = 1, 24 do
      guest:send(nic, pattern(size, size), { completion = true, id = size })
      host:run_for("10us")
      local whole = 16 + (size + 7) // 8 * 8
      local b = nic:ring_read("g2h", 4096 + at, whole + 8)
      check_eq(get_u16(b, 0), 6, "packet_type")
      check_eq(get_u16(b, 2), 2, "data_offset8")
      check_eq(get_u16(b, 4), whole // 8, "length8")
      check_eq(get_u16(b, 6), 1, "flags")
      check_eq(b:sub(17, 16 + size), pattern(size, size), "payload")
      check_eq(b:sub(17 + size, whole), zeros(whole - 16 - size), "padding")
      check_eq(get_u32(b, whole), 0, "low half of the trailer")
      check_eq(get_u32(b, whole + 4), at, "offset in the trailer")
      at = at + whole + 8
    end
    check_eq(nic:control("g2h").write_index, at, "write_index")
  end,
}

case "ring.send.ids-are-small-and-nonzero" {
  level = "must", requires = { "CORE-REQ-039", "CORE-SEC-21" }, bugs = { "BUG-020" },
  doc = "Transaction ids of requests are never zero and never addresses.",
  run = function(host, guest)
    local nic = opened(host, guest)
    local seen = {}
    for i = 1, 30 do
      guest:send(nic, "request", { completion = true, id = i })
      local k = nic:expect_packet { flags = 1 }
      check_ne(k.id, 0, "transaction_id")
      check(k.id >> 48 == 0, ("0x%x looks like an address"):format(k.id))
      check(not seen[k.id], "an id in flight is used twice")
      seen[k.id] = true
    end
  end,
}

case "ring.send.completion-unknown-id" {
  level = "must", requires = { "CORE-SEC-20", "CORE-SEC-22" }, bugs = { "BUG-020" },
  doc = "Completions of ids that are not in flight are dropped; the right ones still count.",
  run = function(host, guest)
    local nic = opened(host, guest)
    guest:send(nic, "request", { completion = true, id = 1 })
    local k = nic:expect_packet {}
    for _, id in ipairs { 0, k.id + 1, 0xffffffff, 0xffffffffffffffff, 0xffff888012345678 } do
      nic:complete(id, "forged")
    end
    guest:expect_no_event("completion", "1ms")
    k:complete("right")
    guest:expect_event("completion", { channel = nic, id = 1, data = "right" })
  end,
}

case "ring.send.completion-twice" {
  level = "must", requires = { "CORE-SEC-22" }, bugs = { "BUG-020" },
  doc = "A second completion of one request is dropped.",
  run = function(host, guest)
    local nic = opened(host, guest)
    guest:send(nic, "request", { completion = true, id = 1 })
    local k = nic:expect_packet {}
    k:complete("first")
    k:complete("second")
    guest:expect_event("completion", { channel = nic, id = 1, data = "first" })
    guest:expect_no_event("completion", "1ms")
  end,
}

case "ring.send.completions-in-any-order" {
  level = "must", requires = { "CORE-REQ-038" },
  doc = "Requests that are completed backwards reach their owners.",
  run = function(host, guest)
    local nic = opened(host, guest)
    local taken = {}
    for i = 1, 8 do
      guest:send(nic, u64(i), { completion = true, id = i })
      taken[i] = nic:expect_packet { payload = u64(i) }
    end
    for i = 8, 1, -1 do
      taken[i]:complete(u64(100 + i))
      guest:expect_event("completion", { channel = nic, id = i, data = u64(100 + i) })
    end
  end,
}

case "ring.send.wrap" {
  level = "must", requires = { "CORE-REQ-025", "CORE-REQ-026" }, bugs = { "BUG-013" },
  doc = "What a guest writes across the end of its ring arrives whole, at every offset.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 1 })
    for i = 1, 700 do
      local payload = pattern(1 + i * 11 % 77, i)
      guest:send(nic, payload)
      nic:expect_packet { payload = payload }
    end
  end,
}

case "ring.send.gpa-direct" {
  level = "must", requires = { "CORE-REQ-035", "CORE-REQ-036" },
  doc = "A GPA-direct packet names whole ranges of guest pages, which hold the bytes.",
  run = function(host, guest)
    local nic = opened(host, guest)
    for i, t in ipairs { { 1, 0, 4096 }, { 1, 8, 100 }, { 3, 4000, 4196 }, { 2, 4095, 2 } } do
      guest:send_gpa(nic, "header", { pages = t[1], byte_offset = t[2], byte_count = t[3],
                                      completion = true, id = i })
      local k = nic:expect_packet { type = "gpa_direct", payload = "header" }
      check_eq(get_u32(k.extra, 4), 1, "range_count")
      check_eq(get_u32(k.extra, 8), t[3], "byte_count")
      check_eq(get_u32(k.extra, 12), t[2], "byte_offset")
      check_eq((#k.extra - 16) // 8, (t[2] + t[3] + 4095) // 4096, "page numbers")
      check_eq(#nic:range_bytes(k, 1), t[3], "bytes that could be read")
      k:complete("")
      guest:expect_event("completion", { channel = nic, id = i })
    end
  end,
}

case "ring.signal.only-when-it-was-empty" {
  level = "must", requires = { "CORE-REQ-040" }, bugs = { "BUG-005" },
  doc = "A guest signals when its ring goes from empty to not empty, and not again until then.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:reading(false)
    local before = nic:signals()
    for i = 1, 10 do guest:send(nic, u64(i)) end
    host:run_for("1ms")
    check_eq(nic:signals() - before, 1, "signals for ten packets into a ring that nobody read")
    nic:reading(true)
    for i = 1, 10 do nic:expect_packet { payload = u64(i) } end
    guest:send(nic, "again")
    nic:expect_packet { payload = "again" }
    check_eq(nic:signals() - before, 2, "signals after the ring was emptied")
  end,
}

case "ring.signal.not-when-masked" {
  level = "must", requires = { "CORE-REQ-040" }, bugs = { "BUG-005" },
  doc = "A guest does not signal a host that masked its ring.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:reading(false)
    nic:mask(true)
    local before = nic:signals()
    for i = 1, 5 do
      guest:send(nic, u64(i))
      host:run_for("10us")
      nic:poll_one()
      nic:expect_packet { payload = u64(i) }
    end
    check_eq(nic:signals() - before, 0, "signals into a masked ring")
    nic:mask(false)
    guest:send(nic, "unmasked")
    host:run_for("10us")
    check_eq(nic:signals() - before, 1, "signals after the mask was taken away")
  end,
}

case "ring.full.tells-and-wakes" {
  level = "must", requires = { "CORE-REQ-045", "CORE-REQ-047", "CORE-REQ-025" },
  bugs = { "BUG-001", "BUG-022" },
  doc = "A full ring is reported, never overrun; room brings the news and the packet goes.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 1 })
    nic:reading(false)
    local sent = fill(nic, guest, 100)
    check(sent >= 20 and sent <= 31, ("%d packets of 128 bytes in a ring of 4096"):format(sent))
    local c = nic:control("g2h")
    check_ne(c.write_index, c.read_index, "write_index of a full ring")
    check(c.pending_send_size ~= 0, "pending_send_size of a writer that waits")
    check(c.pending_send_size <= 4096 - 8, "pending_send_size can be reached")
    nic:reading(true)
    for i = 1, sent do nic:expect_packet { payload = pattern(100, i) } end
    guest:expect_event("space", { channel = nic })
    guest:send(nic, "at last")
    nic:expect_packet { payload = "at last" }
    check_eq(nic:control("g2h").pending_send_size, 0, "pending_send_size after the wait")
  end,
}

case "ring.full.wakes-without-event-from-mask" {
  level = "must", requires = { "CORE-REQ-043" }, bugs = { "BUG-002", "BUG-028" },
  doc = "A host that waits for room is signalled when the guest makes it, mask or not.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 1 })
    guest:rx_pause(nic)
    local sent = 0
    for i = 1, 100 do
      if nic:send_packet { payload = pattern(200, i) } ~= "ok" then break end
      sent = i
    end
    check(sent > 0 and sent < 100, "the host's ring was filled")
    nic:poke_control { side = "h2g", pending_send_size = 2048 }
    local before = nic:signals()
    guest:rx_resume(nic)
    for i = 1, sent do guest:expect_event("packet", { channel = nic, data = pattern(200, i) }) end
    host:run_for("1ms")
    check(nic:signals() - before >= 1, "no signal for the room that was made")
    check(nic:signals() - before <= 1, "more than one signal for one crossing")
  end,
}

case "ring.full.pending-size-rounds-down" {
  level = "must", requires = { "CORE-REQ-046", "CORE-REQ-043" }, bugs = { "BUG-004", "BUG-007" },
  doc = "A pending size of the ring's size less one means entirely empty, and is signalled then.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 1 })
    guest:rx_pause(nic)
    local sent = 0
    while nic:send_packet { payload = pattern(300, sent + 1) } == "ok" do sent = sent + 1 end
    nic:poke_control { side = "h2g", pending_send_size = 4095 }
    local before = nic:signals()
    guest:rx_resume(nic)
    for i = 1, sent do guest:expect_event("packet", { channel = nic, data = pattern(300, i) }) end
    host:run_for("1ms")
    check_eq(nic:signals() - before, 1, "signals when the ring was empty")
  end,
}

case "ring.full.no-signal-without-crossing" {
  level = "must", requires = { "CORE-REQ-043" }, bugs = { "BUG-005" },
  doc = "Reading does not signal a host that waits for nothing.",
  run = function(host, guest)
    local nic = opened(host, guest)
    local before = nic:signals()
    for i = 1, 200 do
      nic:send_packet { payload = pattern(100, i) }
      guest:expect_event("packet", { channel = nic, data = pattern(100, i) })
    end
    check_eq(nic:signals() - before, 0, "signals for packets that were read")
  end,
}

case "ring.full.both-rings-drain" {
  level = "must", requires = { "CORE-REQ-049" }, bugs = { "BUG-001", "BUG-002" },
  doc = "Two full rings drain when both sides read again: neither waits for the other.",
  run = function(host, guest)
    local nic = opened(host, guest, { tx_pages = 1, rx_pages = 1 })
    nic:reading(false)
    guest:rx_pause(nic)
    local out = fill(nic, guest, 60)
    local into = 0
    while nic:send_packet { payload = pattern(60, into + 1) } == "ok" do into = into + 1 end
    guest:rx_resume(nic)
    nic:reading(true)
    for i = 1, out do nic:expect_packet { payload = pattern(60, i) } end
    for i = 1, into do guest:expect_event("packet", { channel = nic, data = pattern(60, i) }) end
  end,
}

case "ring.mask.unmask-finds-late-data" {
  level = "must", requires = { "CORE-REQ-042" }, bugs = { "BUG-008" },
  doc = "Data put while the guest has its ring masked are found without a further signal.",
  run = function(host, guest)
    local nic = opened(host, guest)
    guest:rx_pause(nic)
    for i = 1, 3 do nic:send_packet { payload = u64(i) } end
    host:run_for("1ms")
    host:fault_signal { direction = "h2g", action = "drop", count = 100 }
    guest:rx_resume(nic)
    for i = 1, 3 do guest:expect_event("packet", { channel = nic, data = u64(i) }) end
    host:clear_faults()
  end,
}

case "ring.feature-bit.set-before-open" {
  level = "must", requires = { "CORE-REQ-047" }, bugs = { "BUG-028" },
  doc = "The guest's ring carries feature bit 0, and no bit that means nothing, when it opens.",
  run = function(host, guest)
    local nic = opened(host, guest)
    check_eq(nic:control("g2h").feature_bits, 1, "feature_bits of the guest's ring")
  end,
}

case "ring.feature-bit.unknown-bits-ignored" {
  level = "must", requires = { "CORE-REQ-122" },
  doc = "Unknown feature bits of the host do no harm.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:poke_control { side = "h2g", feature_bits = 0xffffffff }
    nic:send_packet { payload = "in" }
    guest:expect_event("packet", { channel = nic, data = "in" })
    guest:send(nic, "out")
    nic:expect_packet { payload = "out" }
  end,
}
