-- SPDX-License-Identifier: BSD-2-Clause
-- Rings as a host reads and writes them: chapter 10 section 3.

local function opened(host, rg, opts)
  local nic = host:offer { interface = "network" }
  rg:online {}
  return nic, rg:open(nic, opts)
end

-- The ring is given up: nothing of it is used any more, and another channel still works.
local function only_this_channel_ends(host, rg, nic, ring)
  host:settle()
  check_eq(nic:ring_status(), "CORRUPT", "the ring")
  ring:write(packet { payload = "behind it" })
  nic:expect_no_packet("1ms")
  check_eq(host:info().state, "connected", "the connection")
  local disk = host:offer { interface = "scsi" }
  rg:expect("offer_channel", { channel_id = disk })
  local other = rg:open(disk)
  other:send { payload = "other channels live" }
  disk:expect_packet { payload = "other channels live" }
  rg:say("close_channel", { channel_id = nic.id })
  rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = ring.gpadl_id })
  rg:expect("gpadl_torndown", { gpadl_id = ring.gpadl_id })
end

-- What the host accepts -----------------------------------------------------------------------

case "host.ring.accepted-types" {
  level = "must", side = "host", requires = { "CORE-REQ-031" },
  doc = "A host takes in-band, GPA-direct and completion packets.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local memory = rg:alloc(1)
    ring:send { type = "inband", payload = "in band", id = 1, flags = 1 }
    nic:expect_packet { type = "inband", payload = "in band", id = 1, flags = 1 }
    ring:send { type = "gpa_direct", payload = "direct", id = 2, flags = 1,
                extra = gpa_direct { { 0, 4096, memory.pfns } } }
    nic:expect_packet { type = "gpa_direct", payload = "direct", id = 2, ranges = "OK" }
    ring:send { type = "completion", payload = "done", id = 3 }
    nic:expect_packet { type = "completion", payload = "done", id = 3, flags = 0 }
    check_eq(nic:ring_status(), "OK", "the ring")
  end,
}

for _, t in ipairs { { "invalid", 0 }, { "synch", 1 }, { "add-page-set", 2 },
                     { "remove-page-set", 3 }, { "establish-gpadl", 4 }, { "teardown-gpadl", 5 },
                     { "transfer-pages", 7 }, { "gpadl-data", 8 }, { "cancel", 10 },
                     { "additional-packets", 12 }, { "additional-data", 13 }, { "unknown", 14 },
                     { "huge", 0xffff } } do
  case("host.ring.type-" .. t[1] .. "-is-corruption") {
    level = "must", side = "host", requires = { "CORE-REQ-031", "CORE-SEC-54" },
    doc = ("A packet of type %d of a guest ends its channel and no other."):format(t[2]),
    run = function(host, rg)
      local nic, ring = opened(host, rg)
      ring:send { type = t[2], extra = t[2] == 7 and transfer_pages(0xcafe, { { 0, 8 } }) or nil,
                  payload = "no data" }
      nic:expect_no_packet("1ms")
      only_this_channel_ends(host, rg, nic, ring)
    end,
  }
end

local function corrupt(name, t, text, opts)
  case("host.ring." .. name .. "-is-corruption") {
    level = "must", side = "host", bugs = opts and opts.bugs,
    requires = { "CORE-REQ-050", "CORE-SEC-16", "CORE-SEC-54" },
    doc = "A packet " .. text .. " ends its channel and no other.",
    run = function(host, rg)
      local nic, ring = opened(host, rg)
      ring:send { payload = "good" }
      nic:expect_packet { payload = "good" }
      ring:send(t, { advance = opts and opts.advance })
      nic:expect_no_packet("1ms")
      only_this_channel_ends(host, rg, nic, ring)
    end,
  }
end

corrupt("offset-0", { payload = "x", offset8 = 0 }, "with data_offset8 of 0")
corrupt("offset-1", { payload = "x", offset8 = 1 }, "whose payload begins inside its descriptor")
corrupt("length-below-offset", { payload = "x", offset8 = 3, length8 = 2 },
        "shorter than its own header")
corrupt("length-0", { payload = "x", length8 = 0 }, "with length8 of 0")
corrupt("length-1", { payload = "x", length8 = 1 }, "with length8 of 1")
corrupt("length-beyond-data", { payload = "x", length8 = 100 }, "longer than what is in the ring")
corrupt("length-into-its-trailer", { payload = "x", length8 = 4 },
        "that leaves no room for its trailer")
corrupt("length-65535", { payload = "x", length8 = 0xffff },
        "of the largest length a descriptor can tell")
corrupt("half-a-descriptor", { payload = "" }, "of which only half the descriptor is in the ring",
        { advance = 8 })
corrupt("missing-trailer", { payload = "" }, "without its trailer", { advance = 16 })
corrupt("gpa-direct-without-header", { type = "gpa_direct", payload = "16 bytes of data" },
        "of type 9 whose data_offset8 says 16 bytes", { bugs = { "BUG-016" } })
corrupt("transfer-pages-without-header", { type = "transfer_pages", payload = "16 bytes of data" },
        "of type 7 whose data_offset8 says 16 bytes", { bugs = { "BUG-016" } })

for _, t in ipairs { { "at-the-end", 4096 }, { "beyond", 4104 }, { "huge", 0xfffffff8 },
                     { "odd", 12 }, { "odd-low", 1 }, { "odd-at-the-end", 4095 } } do
  case("host.ring.write-index-" .. t[1] .. "-is-corruption") {
    level = "must", side = "host", requires = { "CORE-REQ-051", "CORE-SEC-17", "CORE-SEC-54" },
    doc = ("A write_index of 0x%x in a ring of one page ends the channel."):format(t[2]),
    run = function(host, rg)
      local nic, ring = opened(host, rg)
      ring:poke { write_index = t[2] }
      ring:signal()
      nic:expect_no_packet("1ms")
      check_eq(nic:ring_status(), "CORRUPT", "the ring")
      ring:poke { write_index = 0 }
      only_this_channel_ends(host, rg, nic, ring)
    end,
  }
end

for _, t in ipairs { { "at-the-end", 4096 }, { "huge", 0xfffffff8 }, { "odd", 4 } } do
  case("host.ring.read-index-" .. t[1] .. "-stops-the-writer") {
    level = "must", side = "host", requires = { "CORE-REQ-051", "CORE-SEC-17" },
    doc = ("With a read_index of 0x%x a host writes nothing outside its ring."):format(t[2]),
    run = function(host, rg)
      local nic, ring = opened(host, rg)
      ring:poke { side = "h2g", read_index = t[2] }
      local before = ring.memory:read(0, 2 * 4096)
      local sent = 0
      for i = 1, 20 do
        if not pcall(function()
          if nic:send_packet { payload = pattern(1000, i) } == "ok" then sent = sent + 1 end
        end) then break end
      end
      check(sent < 4, "packets sent: " .. sent)
      check(ring:control("h2g").write_index < 4096, "write_index stays inside the ring")
      check_eq(ring.memory:read(0, 2 * 4096), before, "the pages of the guest's ring")
    end,
  }
end

case "host.ring.unknown-flags" {
  level = "must", side = "host", requires = { "CORE-REQ-034", "CORE-REQ-122" },
  doc = "Flags other than bit 0 are refused or ignored, never handed on.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    ring:send { payload = "flagged", flags = 0xfffe }
    host:settle()
    if nic:ring_status() == "OK" then
      nic:expect_packet { payload = "flagged", flags = 0 }
      ring:send { payload = "both", flags = 0xffff }
      nic:expect_packet { payload = "both", flags = 1 }
    else
      only_this_channel_ends(host, rg, nic, ring)
    end
  end,
}

case "host.ring.trailer-is-not-interpreted" {
  level = "must", side = "host", requires = { "CORE-SEC-52" },
  doc = "A wrong trailer does no harm.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    for i = 1, 20 do
      ring:send { payload = u64(i), trailer = pattern(8, i) }
      nic:expect_packet { payload = u64(i) }
    end
  end,
}

case "host.ring.wrap-at-every-offset" {
  level = "must", side = "host", requires = { "CORE-REQ-024", "CORE-REQ-026" },
  doc = "Packets that straddle the end of the ring at every multiple of 8 arrive whole.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    for i = 1, 600 do
      local payload = pattern(1 + i * 7 % 90, i)
      ring:send { payload = payload, id = i }
      nic:expect_packet { payload = payload, id = i }
    end
  end,
}

case "host.ring.not-a-power-of-two" {
  level = "must", side = "host", requires = { "CORE-REQ-027" },
  doc = "Rings of three pages wrap where they end, both ways.",
  run = function(host, rg)
    local nic, ring = opened(host, rg, { tx_pages = 3, rx_pages = 3 })
    for i = 1, 60 do
      ring:send { payload = pattern(1000 + i, i) }
      nic:expect_packet { payload = pattern(1000 + i, i) }
      nic:send_packet { payload = pattern(1000 + i, -i) }
      ring:expect { payload = pattern(1000 + i, -i) }
    end
  end,
}

case "host.ring.smallest-and-largest-packets" {
  level = "must", side = "host", requires = { "CORE-REQ-025", "CORE-REQ-028" },
  doc = "A descriptor alone, and a packet that fills the ring but for the gap, are taken.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    ring:send { payload = "" }
    check_eq(#nic:expect_packet {}.payload, 0, "bytes of payload")
    for i = 1, 3 do
      local payload = pattern(4096 - 16 - 24, i)
      ring:send { payload = payload }
      nic:expect_packet { payload = payload }
    end
  end,
}

case "host.ring.many-by-one-signal" {
  level = "must", side = "host", requires = { "CORE-REQ-048", "CORE-REQ-042" },
  doc = "One signal covers any number of packets, and signals for nothing do no harm.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    for _ = 1, 10 do ring:signal() end
    for i = 1, 60 do ring:send({ payload = u64(i) }, { signal = i == 60 }) end
    for i = 1, 60 do nic:expect_packet { payload = u64(i) } end
    for _ = 1, 10 do ring:signal() end
    nic:expect_no_packet("1ms")
    check_eq(nic:ring_status(), "OK", "the ring")
  end,
}

case "host.ring.read-index-is-private" {
  level = "must", side = "host", requires = { "CORE-SEC-18" },
  doc = "A host does not take its own read_index back from shared memory.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    ring:send { payload = "one" }
    nic:expect_packet { payload = "one" }
    local right = ring:control().read_index
    ring:poke { read_index = 0 }
    ring:send { payload = "two" }
    nic:expect_packet { payload = "two" }
    nic:expect_no_packet("1ms")
    check_eq(ring:control().read_index, right + 32, "read_index afterwards")
    ring:poke { read_index = 0xffffffff }
    ring:send { payload = "three" }
    nic:expect_packet { payload = "three" }
  end,
}

case "host.ring.write-index-is-private" {
  level = "must", side = "host", requires = { "CORE-SEC-18" },
  doc = "A host does not take its own write_index back from shared memory.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    nic:send_packet { payload = "one" }
    ring:expect { payload = "one" }
    local right = ring:control("h2g").write_index
    ring:poke { side = "h2g", write_index = 2048 }
    nic:send_packet { payload = "two" }
    check_eq(ring:control("h2g").write_index, right + 32, "write_index afterwards")
    ring:expect { payload = "two" }
  end,
}

case "host.ring.unknown-feature-bits" {
  level = "must", side = "host", requires = { "CORE-REQ-122", "CORE-REQ-047" },
  doc = "Unknown feature bits and reserved words of a guest do no harm; the host sets bit 0 alone.",
  run = function(host, rg)
    local nic, ring = opened(host, rg, { feature_bits = 0xffffffff })
    ring.memory:write(16, ("\xff"):rep(48))
    ring.memory:write(68, ("\xff"):rep(4096 - 68))
    ring:send { payload = "in" }
    nic:expect_packet { payload = "in" }
    check_eq(ring:control("h2g").feature_bits, 1, "feature_bits of the host's ring")
  end,
}

-- GPA-direct --------------------------------------------------------------------------------

local function direct(ring, extra, t)
  local k = { type = "gpa_direct", payload = "request", id = 9, flags = 1, extra = extra }
  for key, v in pairs(t or {}) do k[key] = v end
  ring:send(k)
end

case "host.gpa-direct.what-the-ranges-name" {
  level = "must", side = "host", requires = { "CORE-REQ-036", "CORE-REQ-037" },
  doc = "Ranges that begin and end inside pages are read byte by byte; the reserved word " ..
    "is ignored.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local memory = rg:alloc(4)
    local bytes = pattern(4 * 4096, 7)
    memory:write(0, bytes)
    for _, t in ipairs { { 0, 1 }, { 0, 4096 }, { 4095, 1 }, { 4095, 2 }, { 0xe00, 0x400 },
                         { 1, 3 * 4096 }, { 0, 4 * 4096 } } do
      local n = (t[1] + t[2] + 4095) // 4096
      local extra = gpa_direct { { t[1], t[2], table.move(memory.pfns, 1, n, 1, {}) } }
      direct(ring, "\xa5\x5a\xff\xff" .. extra:sub(5))
      local k = nic:expect_packet { type = "gpa_direct", payload = "request", ranges = "OK" }
      check_eq(nic:range_bytes(k, 1), bytes:sub(t[1] + 1, t[1] + t[2]), "bytes of the range")
    end
  end,
}

case "host.gpa-direct.several-ranges" {
  level = "must", side = "host", requires = { "CORE-REQ-036" },
  doc = "Several ranges in one packet are told apart, and words behind the last are tolerated.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local memory = rg:alloc(3)
    local bytes = pattern(3 * 4096, 7)
    memory:write(0, bytes)
    local p = memory.pfns
    direct(ring, gpa_direct { { 100, 5000, { p[1], p[2] } }, { 0, 8, { p[3] } } } .. pattern(16, 1))
    local k = nic:expect_packet { type = "gpa_direct", payload = "request", ranges = "OK" }
    check_eq(nic:range_bytes(k, 1), bytes:sub(101, 5100), "bytes of the first range")
    check_eq(nic:range_bytes(k, 2), bytes:sub(8193, 8200), "bytes of the second range")
    check_eq(nic:range_bytes(k, 3), nil, "a third range")
  end,
}

-- Ranges that fail their request: no byte is read through them, and the ring goes on.
local function bad_ranges(name, text, make, opts)
  case("host.gpa-direct." .. name .. "-is-refused") {
    level = "must", side = "host", bugs = opts and opts.bugs,
    requires = opts and opts.requires or { "CORE-SEC-24", "CORE-SEC-23" },
    doc = "A GPA-direct packet " .. text .. " is refused; the next request is served.",
    run = function(host, rg)
      local nic, ring = opened(host, rg)
      local memory = rg:alloc(3)
      direct(ring, make(memory.pfns))
      host:settle()
      if nic:ring_status() == "OK" then
        local k = nic:expect_packet { type = "gpa_direct",
                                      ranges = function(s) return s ~= "OK" end }
        check_eq(nic:range_bytes(k, 1), nil, "bytes of the range")
        direct(ring, gpa_direct { { 0, 4096, { memory.pfns[1] } } })
        k = nic:expect_packet { type = "gpa_direct", ranges = "OK" }
        check_eq(#nic:range_bytes(k, 1), 4096, "bytes of the next request")
      else
        only_this_channel_ends(host, rg, nic, ring)
      end
    end,
  }
end

bad_ranges("no-range", "with range_count 0", function() return u32(0) .. u32(0) end,
           { requires = { "CORE-REQ-035" } })
bad_ranges("empty-range", "with a range of no bytes", function(p)
  return gpa_direct { { 0, 0, { p[1] } } }
end)
bad_ranges("byte-offset-4096", "whose byte_offset is a whole page", function(p)
  return gpa_direct { { 4096, 100, { p[1], p[2] } } }
end, { bugs = { "BUG-017" }, requires = { "CORE-SEC-24" } })
bad_ranges("byte-offset-huge", "whose byte_offset is near 2^32", function(p)
  return gpa_direct { { 0xfffff000, 100, { p[1], p[2] } } }
end, { bugs = { "BUG-017" }, requires = { "CORE-SEC-24" } })
bad_ranges("overflow", "whose offset and count overflow 32 bits", function(p)
  return gpa_direct { { 0xfff, 0xffffffff, { p[1], p[2] } } }
end)
bad_ranges("too-few-pages", "whose pages do not fit before data_offset8", function(p)
  return gpa_direct { { 0, 3 * 4096, { p[1], p[2] } } }
end, { requires = { "CORE-REQ-036", "CORE-SEC-23" } })
bad_ranges("one-byte-too-long", "whose last byte lies in a page that is not there", function(p)
  return gpa_direct { { 1, 4096, { p[1] } } }
end, { requires = { "CORE-REQ-036", "CORE-SEC-23" } })
bad_ranges("too-few-ranges", "that declares one range more than it has", function(p)
  return u32(0) .. u32(2) .. gpa_direct { { 0, 8, { p[1] } } }:sub(9)
end, { requires = { "CORE-REQ-036", "CORE-SEC-23" } })
bad_ranges("range-count-huge", "that declares 2^32 - 1 ranges", function(p)
  return u32(0) .. u32(0xffffffff) .. gpa_direct { { 0, 8, { p[1] } } }:sub(9)
end, { requires = { "CORE-REQ-036", "CORE-SEC-23" } })
bad_ranges("second-range-bad", "whose second range is empty", function(p)
  return gpa_direct { { 0, 8, { p[1] } }, { 0, 0, { p[2] } } }
end)

case "host.gpa-direct.no-memory" {
  level = "must", side = "host", requires = { "CORE-SEC-26" },
  doc = "Page frames that are no memory fail their request and not the ring.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local memory = rg:alloc(1)
    for _, pfn in ipairs { 0, 1, 0x7ffffffff, 1 << 52, -1 } do
      direct(ring, gpa_direct { { 8, 4096, { memory.pfns[1], pfn } } })
      local k = nic:expect_packet { type = "gpa_direct" }
      check_eq(nic:range_bytes(k, 1), nil, ("bytes with page frame 0x%x"):format(pfn))
    end
    check_eq(nic:ring_status(), "OK", "the ring")
    check_eq(#host:violations(), 0, "touches of freed pages")
    ring:send { payload = "next" }
    nic:expect_packet { payload = "next" }
  end,
}

case "host.gpa-direct.ranges-are-a-copy" {
  level = "must", side = "host", requires = { "CORE-SEC-25" },
  doc = "What the guest writes into a packet after it was read does not change its ranges.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local memory, other = rg:alloc(1), rg:alloc(1)
    memory:write(0, ("right"):rep(10))
    other:write(0, ("wrong"):rep(10))
    direct(ring, gpa_direct { { 0, 50, memory.pfns } })
    host:settle()
    -- Descriptor, ranges and payload as they still stand in the ring.
    ring.memory:write(4096, packet { type = "gpa_direct", payload = "changed", length8 = 0xffff,
      extra = gpa_direct { { 0, 0xffff, other.pfns } } })
    local k = nic:expect_packet { type = "gpa_direct", payload = "request", ranges = "OK" }
    check_eq(nic:range_bytes(k, 1), ("right"):rep(10), "bytes of the range")
  end,
}

-- What the host sends -------------------------------------------------------------------------

case "host.send.layout" {
  level = "must", side = "host",
  requires = { "CORE-REQ-028", "CORE-REQ-029", "CORE-REQ-030", "CORE-SEC-51" },
  doc = "Packets of a host have exact lengths, zero padding and the right trailer.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    for size = 0, 80 do
      local at = ring:control("h2g").write_index
      -- Old bytes must not show through the padding.
      local room = math.min(200, 4096 - at)
      ring.memory:write(3 * 4096 + at, ("\xee"):rep(room))
      nic:send_packet { payload = pattern(size, size), id = size + 1, completion = true }
      local k = ring:expect { type = "inband", id = size + 1, flags = 1,
                              payload = pattern(size, size) }
      check_eq(k.ring_offset, at, "ring offset")
      check_eq(#k.payload, (size + 7) // 8 * 8, "padded size")
      check_eq(get_u16(k.bytes, 4), 2 + (size + 7) // 8, "length8")
      check_eq(k.trailer, u32(0) .. u32(at), "trailer")
      check_eq(ring:control("h2g").write_index, (at + #k.bytes) % 4096, "write_index")
    end
  end,
}

case "host.send.transfer-pages" {
  level = "must", side = "host", requires = { "CORE-REQ-028", "CORE-REQ-033" },
  doc = "Transfer-page packets of a host have their header where the facts say.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    nic:send_packet { type = "transfer_pages", payload = "frame", id = 4, completion = true,
                      extra = transfer_pages(0xcafe, { { 0x100, 60 }, { 0x700, 1514 } }) }
    local k = ring:expect { type = "transfer_pages", payload = "frame", id = 4, flags = 1 }
    check_eq(get_u16(k.bytes, 2), 5, "data_offset8")
    check_eq(k.extra, u16(0xcafe) .. u16(0) .. u32(2) .. u32(60) .. u32(0x100) .. u32(1514) ..
             u32(0x700), "extra header")
  end,
}

case "host.send.completion" {
  level = "must", side = "host", requires = { "CORE-REQ-038" },
  doc = "A completion of a host repeats the id, whatever it is, and has no flags.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    for _, id in ipairs { 1, 0x1122334455667788, -1, math.mininteger } do
      ring:send { payload = "do it", id = id, flags = 1 }
      nic:expect_packet { payload = "do it", id = id, flags = 1 }:complete("done")
      ring:expect { type = "completion", id = id, flags = 0, payload = "done" }
    end
  end,
}

case "host.send.full-ring-is-never-empty" {
  level = "must", side = "host", requires = { "CORE-REQ-025" },
  doc = "A host leaves a gap when the ring is full, and overwrites nothing that was not read.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    for round = 1, 5 do
      local sent = 0
      while nic:send_packet { payload = pattern(20 + 8 * round, sent) } == "ok" do
        sent = sent + 1
        local c = ring:control("h2g")
        check_ne(c.write_index, c.read_index, "write_index of a ring with data")
      end
      check(sent > 40, "packets that fit")
      for i = 0, sent - 1 do ring:expect { payload = pattern(20 + 8 * round, i) } end
      ring:expect_no_packet("1us")
      ring:signal()
      host:settle()
    end
  end,
}

case "host.send.signals-when-it-was-empty" {
  level = "must", side = "host", requires = { "CORE-REQ-040" },
  doc = "A host interrupts for the packet that ends an empty ring, and for no other.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local before = nic:interrupts()
    for i = 1, 10 do nic:send_packet { payload = u64(i) } end
    check_eq(nic:interrupts() - before, 1, "interrupts for ten packets")
    for i = 1, 9 do ring:expect { payload = u64(i) } end
    nic:send_packet { payload = u64(11) }
    check_eq(nic:interrupts() - before, 1, "interrupts while the guest is behind")
    ring:expect { payload = u64(10) }
    ring:expect { payload = u64(11) }
    nic:send_packet { payload = u64(12) }
    check_eq(nic:interrupts() - before, 2, "interrupts after the ring was empty")
  end,
}

case "host.send.not-when-masked" {
  level = "must", side = "host", requires = { "CORE-REQ-040" },
  doc = "With interrupt_mask set by the guest a host puts packets and does not interrupt.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    ring:poke { side = "h2g", interrupt_mask = 1 }
    local before = nic:interrupts()
    for i = 1, 10 do
      nic:send_packet { payload = u64(i) }
      ring:expect { payload = u64(i) }
    end
    check_eq(nic:interrupts() - before, 0, "interrupts while masked")
    ring:poke { side = "h2g", interrupt_mask = 0 }
    nic:send_packet { payload = "now" }
    check_eq(nic:interrupts() - before, 1, "interrupts when unmasked")
  end,
}

case "host.send.asks-for-room" {
  level = "must", side = "host", requires = { "CORE-REQ-045" }, bugs = { "BUG-001" },
  doc = "A host without room stores pending_send_size, and clears it when it has sent.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    check_eq(ring:control("h2g").pending_send_size, 0, "pending_send_size at first")
    while nic:send_packet { payload = pattern(400, 1) } == "ok" do end
    local wish = ring:control("h2g").pending_send_size
    check_range(wish, 424, 4088, "pending_send_size")
    check_eq(wish % 8, 0, "its low bits")
    while ring:read() do end
    ring:signal()
    host:settle()
    check_eq(nic:send_packet { payload = "room" }, "ok", "a packet when there is room")
    check_eq(ring:control("h2g").pending_send_size, 0, "pending_send_size afterwards")
    ring:expect { payload = "room" }
  end,
}

-- The host as reader: when the guest waits for room -------------------------------------------

-- Fill the guest's ring while the device does not read; returns how many packets.
local function fill(nic, ring, size)
  nic:reading(false)
  local total, n = 24 + (size + 7) // 8 * 8, 0
  while true do
    local c = ring:control()
    local used = (c.write_index - c.read_index) % c.size
    if c.size - used - 8 < total then return n, total, c.size - used - 8 end
    ring:send({ payload = pattern(size, n) }, { signal = false })
    n = n + 1
  end
end

case "host.room.signals-on-crossing" {
  level = "must", side = "host", requires = { "CORE-REQ-043" },
  doc = "A host signals when its reads move the free room to what the guest waits for, once.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local n, total, room = fill(nic, ring, 100)
    local wanted = room + 3 * total
    ring:poke { pending_send_size = wanted }
    local before = nic:interrupts()
    for _ = 1, 2 do nic:poll_one() end
    check_eq(nic:interrupts() - before, 0, "interrupts below the mark")
    nic:poll_one()
    check_eq(nic:interrupts() - before, 1, "interrupts at the mark")
    for _ = 4, n do nic:poll_one() end
    check_eq(nic:interrupts() - before, 1, "interrupts above the mark")
    rg:expect_flag(nic.id)
  end,
}

case "host.room.mask-does-not-matter" {
  level = "must", side = "host", requires = { "CORE-REQ-043" },
  doc = "interrupt_mask of either ring has no say in the signal for room.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local n = fill(nic, ring, 100)
    ring:poke { pending_send_size = 2048 }
    ring:poke { interrupt_mask = 1 }
    ring:poke { side = "h2g", interrupt_mask = 1 }
    local before = nic:interrupts()
    for _ = 1, n do nic:poll_one() end
    check_eq(nic:interrupts() - before, 1, "interrupts")
  end,
}

case "host.room.odd-sizes-round-down" {
  level = "must", side = "host", requires = { "CORE-REQ-046" },
  doc = "A pending_send_size of the ring's size less 1 wakes the guest when the ring is empty.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local n = fill(nic, ring, 100)
    ring:poke { pending_send_size = 4095 }
    local before = nic:interrupts()
    for _ = 1, n - 1 do nic:poll_one() end
    check_eq(nic:interrupts() - before, 0, "interrupts before it is empty")
    nic:poll_one()
    check_eq(nic:interrupts() - before, 1, "interrupts when it is empty")
  end,
}

case "host.room.nobody-waits" {
  level = "must", side = "host", requires = { "CORE-REQ-043" },
  doc = "Without a wish, or with one that is larger than the ring, a host signals for nothing.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    for _, wish in ipairs { 0, 4096, 0x80000000, 0xfffffff8 } do
      local n = fill(nic, ring, 100)
      ring:poke { pending_send_size = wish }
      local before = nic:interrupts()
      for _ = 1, n do nic:poll_one() end
      check_eq(nic:interrupts() - before, 0, ("interrupts with a wish of 0x%x"):format(wish))
    end
    check_eq(nic:ring_status(), "OK", "the ring")
  end,
}

case "host.room.guest-without-the-feature" {
  level = "must", side = "host", requires = { "CORE-REQ-043" }, bugs = { "BUG-010" },
  doc = "For a guest without the feature bit a host depends on nothing: it signals " ..
    "whenever it read.",
  run = function(host, rg)
    local nic, ring = opened(host, rg, { feature_bits = 0 })
    local n = fill(nic, ring, 100)
    local before = nic:interrupts()
    nic:poll_one()
    check(nic:interrupts() > before, "an interrupt after the first packet was read")
    for _ = 2, n do nic:poll_one() end
    rg:expect_flag(nic.id)
    -- Nor does the host wait for that guest's signal: it finds the room itself.
    while nic:send_packet { payload = pattern(400, 1) } == "ok" do end
    while ring:read() do end
    check_eq(nic:send_packet { payload = "found" }, "ok", "a packet without having been told")
  end,
}

case "host.ring.mask-and-late-data" {
  level = "must", side = "host", requires = { "CORE-REQ-042" },
  doc = "Data put while the host has its ring masked are found without a signal.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    nic:mask(true)
    check_eq(ring:control().interrupt_mask, 1, "interrupt_mask")
    for i = 1, 3 do ring:send({ payload = u64(i) }, { signal = false }) end
    nic:mask(false)
    for i = 1, 3 do nic:expect_packet { payload = u64(i) } end
    check_eq(ring:control().interrupt_mask, 0, "interrupt_mask of a host that sleeps")
  end,
}
