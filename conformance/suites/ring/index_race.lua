-- SPDX-License-Identifier: BSD-2-Clause
-- An index that goes astray right after it was loaded: what was checked is what counts, and so
-- nothing is read that was not sent, and nothing written over that was not read. Chapter 10
-- sections 3.9 and 3.10.

local function skip_without_hooks(host)
  if host:unspent_faults() > 0 then
    host:clear_faults()
    skip("the target is not built with load hooks")
  end
end

local function opened(host, guest)
  local nic = host:offer { interface = "network" }
  guest:online()
  guest:opened(nic, { tx_pages = 1, rx_pages = 1 })
  guest:mark()
  return nic
end

local sent, unsent = packet { payload = "sent" }, packet { payload = "not sent" }

for _, t in ipairs { { "huge", 0xfffffff8 }, { "at-the-end", 4096 }, { "odd", 2 * #sent + 20 } } do
  case("ring.double-fetch.nothing-unsent-" .. t[1]) {
    level = "must", requires = { "CORE-SEC-17", "CORE-REQ-051" },
    doc = ("When write_index becomes 0x%x no guest takes a packet that was not sent."):format(t[2]),
    run = function(host, guest)
      local nic = opened(host, guest)
      guest:rx_pause(nic)
      nic:change_after_load { side = "h2g", offset = 0, bytes = u32(t[2]) }
      nic:send_raw_ring(sent .. unsent, { advance = #sent })
      guest:rx_resume(nic)
      host:run_for("1ms")
      skip_without_hooks(host)
      check_eq(guest:count_events("packet", { channel = nic, data = "not sent" }), 0,
               "packets that were not sent")
      check(guest:count_events("packet", { channel = nic }) <= 1, "one packet at most")
    end,
  }

  case("host.ring.double-fetch-nothing-unsent-" .. t[1]) {
    level = "must", side = "host", requires = { "CORE-SEC-17", "CORE-REQ-051" },
    doc = ("When write_index becomes 0x%x no host takes a packet that was not sent."):format(t[2]),
    run = function(host, rg)
      local nic = host:offer { interface = "network" }
      rg:online {}
      local ring = rg:open(nic, { tx_pages = 1, rx_pages = 1 })
      nic:change_after_load { side = "g2h", offset = 0, bytes = u32(t[2]) }
      ring:write(sent .. unsent, { advance = #sent })
      nic:expect_packet { payload = "sent" }
      nic:expect_no_packet("1ms")
      check_eq(nic:ring_status(), "CORRUPT", "the ring")
      check_eq(host:unspent_faults(), 0, "changes that did not come about")
    end,
  }
end

-- 31 packets of 128 bytes leave 120 of 4096 free; with these indices it would be 128 or more.
for _, t in ipairs { { "huge", 0xfffffff8 }, { "odd", 12 } } do
  case("ring.double-fetch.nothing-overrun-" .. t[1]) {
    level = "must", requires = { "CORE-SEC-17", "CORE-REQ-051" },
    doc = ("When read_index becomes 0x%x no guest writes over what was not read."):format(t[2]),
    run = function(host, guest)
      local nic = opened(host, guest)
      nic:reading(false)
      for i = 1, 31 do check_eq(guest:send(nic, pattern(100, i)), "ok", "room for packet " .. i) end
      local before = nic:ring_read("g2h", 4096, 31 * 128)
      nic:change_after_load { side = "g2h", offset = 4, bytes = u32(t[2]) }
      check_ne(guest:send(nic, pattern(100, 32), { may_fail = true }), "ok",
               "a packet into a full ring")
      host:run_for("1ms")
      skip_without_hooks(host)
      check_eq(nic:control("g2h").write_index, 31 * 128, "write_index")
      check_eq(nic:ring_read("g2h", 4096, 31 * 128), before, "packets that were not read")
    end,
  }

  case("host.ring.double-fetch-nothing-overrun-" .. t[1]) {
    level = "must", side = "host", requires = { "CORE-SEC-17", "CORE-REQ-051" },
    doc = ("When read_index becomes 0x%x no host writes over what was not read."):format(t[2]),
    run = function(host, rg)
      local nic = host:offer { interface = "network" }
      rg:online {}
      local ring = rg:open(nic, { tx_pages = 1, rx_pages = 1 })
      for i = 1, 31 do
        check_eq(nic:send_packet { payload = pattern(100, i) }, "ok", "room for packet " .. i)
      end
      local before = nic:ring_read("h2g", 4096, 31 * 128)
      nic:change_after_load { side = "h2g", offset = 4, bytes = u32(t[2]) }
      -- The device may find the index bad when it looks once more before it waits.
      local _, result = pcall(nic.send_packet, nic, { payload = pattern(100, 32) })
      check(result == "again" or result:find("CORRUPT"), "a packet into a full ring: " .. result)
      check_eq(host:unspent_faults(), 0, "changes that did not come about")
      check_eq(ring:control("h2g").write_index, 31 * 128, "write_index")
      check_eq(nic:ring_read("h2g", 4096, 31 * 128), before, "packets that were not read")
    end,
  }
end
