-- SPDX-License-Identifier: BSD-2-Clause
-- Lengths and counts that a guest has to hold against what it has: chapter 10 sections 3.5, 3.9.

local function opened(host, guest)
  local nic = host:offer { interface = "network" }
  guest:online()
  guest:opened(nic)
  guest:mark()
  return nic
end

local function another_channel_lives(host, guest)
  local disk = host:offer { interface = "scsi" }
  guest:expect_event("offer", { channel = disk })
  guest:opened(disk)
  disk:send_packet { payload = "other channels live" }
  guest:expect_event("packet", { channel = disk, data = "other channels live" })
end

-- Receivers differ in what they hold against the bytes available: the packet with its trailer, as
-- they should, or without. So the first packet may be refused or taken; what lies behind the
-- write index has not been sent and is never taken.
case "ring.corrupt.trailer-not-sent" {
  level = "must", requires = { "CORE-REQ-050", "CORE-SEC-16" },
  doc = "A packet whose trailer lies behind write_index lets no guest read on from there.",
  run = function(host, guest)
    local nic = opened(host, guest)
    local whole = packet { type = "inband", payload = "sent" }
    nic:send_raw_ring(whole .. packet { type = "inband", payload = "not sent" },
                      { advance = #whole - 8 })
    host:run_for("1ms")
    check_eq(guest:count_events("packet", { channel = nic, data = "not sent" }), 0,
             "packets from behind write_index")
    check(guest:count_events("packet", { channel = nic }) <= 1, "one packet at most")
    another_channel_lives(host, guest)
  end,
}

-- A header with room for one range. In 32 bits the last but one counts would come out as none
-- and as one.
for _, count in ipairs { 2, 3, 1000, 0x20000000, 0x20000001, 0xffffffff } do
  case("ring.receive.transfer-page-count-" .. count .. "-rejected") {
    level = "must", requires = { "CORE-SEC-23" },
    doc = "A transfer-page packet of " .. count .. " ranges in a header for one is not handed on.",
    run = function(host, guest)
      local nic = opened(host, guest)
      nic:send_packet { type = "transfer_pages", id = 1, completion = true, payload = "forged",
                        extra = u16(0xcafe) .. u16(0) .. u32(count) .. u32(16) .. u32(0) }
      host:run_for("1ms")
      check_eq(guest:count_events("packet", { channel = nic }), 0, "packets handed on")
      another_channel_lives(host, guest)
    end,
  }
end

case "ring.receive.transfer-page-header-missing" {
  level = "must", requires = { "CORE-SEC-23" },
  doc = "A transfer-page packet whose payload begins where its ranges should is not handed on.",
  run = function(host, guest)
    local nic = opened(host, guest)
    nic:send_raw_ring(packet { type = "transfer_pages", id = 1, flags = 1, offset8 = 2,
                               payload = u16(0xcafe) .. u16(0) .. u32(0) .. u64(0) })
    host:run_for("1ms")
    check_eq(guest:count_events("packet", { channel = nic }), 0, "packets handed on")
    another_channel_lives(host, guest)
  end,
}
