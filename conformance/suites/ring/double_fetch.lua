-- SPDX-License-Identifier: BSD-2-Clause
-- Rings that change while they are read, by a guest and by a host: chapter 10 section 3.10.
-- The bytes of a packet change right after the reader has loaded them once; what it hands on must
-- be what it loaded first, and the packet behind must be found.

-- { name, text, offset in the packet, bytes }
local fields = {
  { "type", "packet_type", 0, u16(11) },
  { "type-unknown", "packet_type", 0, u16(0x1234) },
  { "offset", "data_offset8", 2, u16(0xffff) },
  { "offset-zero", "data_offset8", 2, u16(0) },
  { "length", "length8", 4, u16(0xffff) },
  { "length-zero", "length8", 4, u16(0) },
  { "flags", "flags", 6, u16(1) },
  { "descriptor", "whole first half of the descriptor", 0, ("\xff"):rep(8) },
  { "id", "transaction_id", 8, u64(-1) },
  { "payload", "payload", 16, ("\xff"):rep(8) },
  { "trailer", "trailer", 24, ("\xff"):rep(8) },
}

local function skip_without_hooks(host)
  if host:unspent_faults() > 0 then
    host:clear_faults()
    skip("the target is not built with load hooks")
  end
end

for _, f in ipairs(fields) do
  local name, text, offset, bytes = table.unpack(f)
  -- Nobody needs to load the trailer, so it is wrong from the start.
  local is_trailer = name == "trailer"

  case("ring.double-fetch." .. name) {
    level = "must", requires = { "CORE-REQ-052", "CORE-SEC-15" },
    doc = "A guest is not confused by a " .. text .. " that changes after it was loaded.",
    run = function(host, guest)
      local nic = host:offer { interface = "network" }
      guest:online()
      guest:opened(nic)
      guest:mark()
      guest:rx_pause(nic)
      local at = nic:control("h2g").write_index
      nic:send_packet { payload = "as it was", id = 7 }
      nic:send_packet { payload = "behind it", id = 8 }
      if is_trailer then
        nic:ring_write("h2g", 4096 + at + 32, bytes)
      else
        nic:change_after_load { side = "h2g", offset = 4096 + at + offset, bytes = bytes }
      end
      guest:rx_resume(nic)
      host:run_for("1ms")
      skip_without_hooks(host)
      guest:expect_event("packet", { channel = nic, type = "inband", flags = 0,
                                   data = "as it was" })
      guest:expect_event("packet", { channel = nic, type = "inband", data = "behind it" })
      guest:expect_no_event("channel_error", "0s")
    end,
  }

  case("host.ring.double-fetch-" .. name) {
    level = "must", side = "host", requires = { "CORE-REQ-052", "CORE-SEC-15" },
    doc = "A host is not confused by a " .. text .. " that changes after it was loaded.",
    run = function(host, rg)
      local nic = host:offer { interface = "network" }
      rg:online {}
      local ring = rg:open(nic)
      if is_trailer then
        ring:send({ payload = "as it was", id = 7, trailer = bytes }, { signal = false })
      else
        nic:change_after_load { side = "g2h", offset = 4096 + offset, bytes = bytes }
        ring:send({ payload = "as it was", id = 7 }, { signal = false })
      end
      ring:send { payload = "behind it", id = 8 }
      nic:expect_packet { type = "inband", flags = 0, id = 7, payload = "as it was" }
      nic:expect_packet { type = "inband", flags = 0, id = 8, payload = "behind it" }
      check_eq(nic:ring_status(), "OK", "the ring")
      check_eq(host:unspent_faults(), 0, "changes that did not come about")
    end,
  }
end

-- Ranges of a GPA-direct packet: offset of the first byte that changes.
for _, f in ipairs { { "range-count", 20, u32(0xffffffff) }, { "byte-count", 24, u32(0xffffffff) },
                     { "byte-offset", 28, u32(0x1000) }, { "page-frame", 32, u64(-1) } } do
  local name, offset, bytes = table.unpack(f)

  case("host.gpa-direct.double-fetch-" .. name) {
    level = "must", side = "host", requires = { "CORE-SEC-25", "CORE-REQ-052" },
    doc = "A " .. name .. " that changes after the host has loaded it does not count.",
    run = function(host, rg)
      local nic = host:offer { interface = "network" }
      rg:online {}
      local ring, memory = rg:open(nic), rg:alloc(1)
      memory:write(0, pattern(4096, 5))
      nic:change_after_load { side = "g2h", offset = 4096 + offset, bytes = bytes }
      ring:send { type = "gpa_direct", payload = "request", id = 9, flags = 1,
                  extra = gpa_direct { { 0, 4096, memory.pfns } } }
      local k = nic:expect_packet { type = "gpa_direct", payload = "request", ranges = "OK" }
      check_eq(nic:range_bytes(k, 1), pattern(4096, 5), "bytes of the range")
      check_eq(host:unspent_faults(), 0, "changes that did not come about")
    end,
  }
end

-- Indices: the value that was checked is the value that is used.
for _, f in ipairs { { "beyond-the-ring", 0xfffffff8 }, { "odd", 12 },
                     { "at-the-end", 4096 * 4 } } do
  case("ring.double-fetch.write-index-" .. f[1]) {
    level = "must", requires = { "CORE-SEC-17", "CORE-REQ-051" },
    doc = "A write_index that goes astray after it was loaded leads to no read outside the ring.",
    run = function(host, guest)
      local nic = host:offer { interface = "network" }
      guest:online()
      guest:opened(nic, { tx_pages = 4, rx_pages = 4 })
      guest:mark()
      guest:rx_pause(nic)
      nic:change_after_load { side = "h2g", offset = 0, bytes = u32(f[2]) }
      nic:send_packet { payload = "as it was" }
      guest:rx_resume(nic)
      host:run_for("1ms")
      skip_without_hooks(host)
      for _, e in ipairs(guest:events("packet", { channel = nic })) do
        check_eq(e.data:sub(1, 9), "as it was", "a packet")
      end
      check(guest:count_events("packet") <= 1, "one packet at most")
      local disk = host:offer { interface = "scsi" }
      guest:expect_event("offer", { channel = disk })
      guest:opened(disk)
    end,
  }
end
