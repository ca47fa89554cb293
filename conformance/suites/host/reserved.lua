-- SPDX-License-Identifier: BSD-2-Clause
-- Reserved channels on the host's side: chapter 10 section 6.8.

local function failure(s) return s ~= 0 end

local function online(host, rg, version)
  local nic = host:offer { interface = "network" }
  rg:online { version = version }
  rg:wrmsr(0x40000095, 0x61, 1)	-- SINT 5 of processor 1 takes messages
  return nic
end

local function shared(rg, nic)
  local ring = rg:rings()
  ring:poke { side = "g2h", feature_bits = 1 }
  ring.gpadl_id = rg:share(nic, ring.memory)
  return ring
end

local function ask_open(rg, nic, ring, fields)
  local all = { channel_id = nic.id, target_vp = 1, target_sint = 5,
                ring_buffer_gpadl_id = ring.gpadl_id, downstream_page_offset = ring.downstream }
  for k, v in pairs(fields or {}) do all[k] = v end
  rg:say("open_reserved_channel", all)
end

-- Open, with the answer where it was asked for.
local function opened(host, rg, version)
  local nic = online(host, rg, version)
  local ring = shared(rg, nic)
  ask_open(rg, nic, ring)
  local m = rg:expect("open_channel_result", { channel_id = nic, open_id = 0, status = 0 })
  check_eq(m.vp, 1, "processor of the result")
  check_eq(m.sint, 5, "SINT of the result")
  return nic, ring
end

local function close(rg, nic, opts)
  rg:say("close_reserved_channel", { channel_id = nic.id, target_vp = 1, target_sint = 5 }, opts)
end

-- The ring carries packets without any interrupt to the guest.
local function carries(rg, nic, ring)
  ring:write(packet { payload = "dump" }, { signal = false })
  nic:poll()
  nic:expect_packet { payload = "dump" }
  nic:send_packet { payload = "written" }
  ring:expect { payload = "written" }
  check_eq(rg:flags(nic.id, 0) + rg:flags(nic.id, 1), 0, "event flags")
end

case "host.reserved.result-goes-where-asked" {
  level = "must", side = "host", requires = { "CORE-REQ-113" }, config = { vps = 2 },
  doc = "A reserved channel is opened with open_id 0, answered to the given VP and SINT, " ..
    "and quiet.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    carries(rg, nic, ring)
  end,
}

case "host.reserved.only-from-closed" {
  level = "must", side = "host", requires = { "CORE-REQ-113" }, config = { vps = 2 },
  doc = "OPEN_RESERVED_CHANNEL is dropped unless the channel is closed.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    ask_open(rg, nic, ring)
    rg:expect_silence()
    local disk = host:offer { interface = "scsi" }
    rg:expect("offer_channel")
    rg:open(disk)
    local other = shared(rg, disk)
    ask_open(rg, disk, other)
    rg:expect_silence()
    disk:answer("close", { hold = true })
    rg:say("close_channel", { channel_id = disk.id })
    ask_open(rg, disk, other)
    rg:expect_silence()
    check_eq(disk:state(), "closing", "the channel that closes")
    for _, id in ipairs { 0, 100, 2048, 0xffffffff } do
      ask_open(rg, nic, ring, { channel_id = id })
    end
    rg:expect_silence()
    check_eq(host:dropped("channel"), 7, "messages dropped for the channel")
  end,
}

case "host.reserved.bad-rings-fail" {
  level = "must", side = "host", requires = { "CORE-REQ-113", "CORE-SEC-29" }, config = { vps = 2 },
  doc = "Rings of a reserved channel are judged as those of any other, and the answer " ..
    "goes there too.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    for _, fields in ipairs { { ring_buffer_gpadl_id = 99 }, { downstream_page_offset = 0 },
                              { downstream_page_offset = 0xffffffff } } do
      ask_open(rg, nic, ring, fields)
      local m = rg:expect("open_channel_result", { channel_id = nic, status = failure })
      check_eq(m.sint, 5, "SINT of the result")
    end
    check_eq(nic:state(), "closed", "the channel")
    ask_open(rg, nic, ring)
    rg:expect("open_channel_result", { status = 0 })
  end,
}

case "host.reserved.no-lists-while-open" {
  level = "must", side = "host", requires = { "CORE-REQ-113", "CORE-SEC-27" }, config = { vps = 2 },
  doc = "While a channel is reserved GPADL_HEADER fails and teardown, close and modify do nothing.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    rg:gpadl(nic, 900, rg:alloc(1))
    rg:expect("gpadl_created", { gpadl_id = 900, status = failure })
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = ring.gpadl_id })
    rg:say("close_channel", { channel_id = nic.id })
    rg:say("rel_id_released", { channel_id = nic.id })
    rg:expect_silence()
    rg:say("modify_channel", { channel_id = nic.id, target_vp = 1 })
    rg:expect("modify_channel_response", { status = failure })
    check_eq(nic:state(), "open", "the channel")
    carries(rg, nic, ring)
    close(rg, nic)
    rg:expect("close_reserved_response", { channel_id = nic })
    rg:share(nic, rg:alloc(1), 900)
  end,
}

case "host.reserved.closed-to-the-target-of-the-close" {
  level = "must", side = "host", requires = { "CORE-REQ-114" }, config = { vps = 2 },
  doc = "CLOSE_RESERVED_CHANNEL is answered to its own VP and SINT, when the device has closed.",
  run = function(host, rg)
    local nic = opened(host, rg)
    nic:answer("close", { hold = true })
    rg:say("close_reserved_channel", { channel_id = nic.id, target_vp = 0, target_sint = 2 })
    rg:expect_silence()
    nic:finish("close")
    local m = rg:expect("close_reserved_response", { channel_id = nic })
    check_eq(m.vp, 0, "processor of the response")
    check_eq(m.sint, 2, "SINT of the response")
    check_eq(m.bytes, u32(20) .. u32(0) .. u32(nic.id), "bytes of CLOSE_RESERVED_RESPONSE")
    rg:open(nic)
  end,
}

case "host.reserved.survives-unload" {
  level = "must", side = "host", requires = { "CORE-REQ-115", "CORE-REQ-114" },
  bugs = { "BUG-058" }, config = { vps = 2 },
  doc = "A reserved channel works on after UNLOAD and is closed, with an answer, without " ..
    "a connection.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    local other = host:offer { interface = "scsi" }
    rg:expect("offer_channel")
    rg:open(other)
    rg:say("unload")
    rg:expect("unload_complete")
    check_eq(other:state(), "released", "the other channel")
    check_eq(nic:state(), "open", "the reserved channel")
    carries(rg, nic, ring)
    close(rg, nic)
    local m = rg:expect("close_reserved_response", { channel_id = nic })
    check_eq(m.vp, 1, "processor of the response")
    check_eq(m.sint, 5, "SINT of the response")
    check_eq(host:info().state, "disconnected", "the connection")
  end,
}

case "host.reserved.survives-a-new-contact" {
  level = "must", side = "host", requires = { "CORE-REQ-115" }, config = { vps = 2 },
  doc = "A reserved channel keeps its rings over a reconnect and can be closed after it.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    rg:online { version = 0x60000 }
    check_eq(nic:state(), "open", "the reserved channel")
    check_eq(nic:gpadl(ring.gpadl_id).state, "accepted", "its list")
    carries(rg, nic, ring)
    close(rg, nic)
    rg:expect("close_reserved_response", { channel_id = nic })
    rg:expect_silence()
  end,
}

case "host.reserved.close-touches-no-other-channel" {
  level = "must", side = "host", requires = { "CORE-SEC-57" }, config = { vps = 2 },
  doc = "CLOSE_RESERVED_CHANNEL for a channel that is not reserved, or none, is dropped " ..
    "everywhere.",
  run = function(host, rg)
    local nic = online(host, rg)
    rg:open(nic)
    local function try(opts)
      for _, id in ipairs { nic.id, 0, 2, 2047, 2048, 0xffffffff } do
        rg:say("close_reserved_channel", { channel_id = id, target_vp = 1, target_sint = 5 }, opts)
        host:settle()
      end
      rg:expect_silence()
    end
    try()
    check_eq(nic:state(), "open", "the channel")
    rg:say("close_channel", { channel_id = nic.id })
    try()
    rg:say("unload")
    rg:expect("unload_complete")
    try()
    check_eq(nic:state(), "released", "the channel")
  end,
}

case "host.reserved.close-to-nowhere" {
  level = "must", side = "host", requires = { "CORE-SEC-49", "CORE-SEC-57" }, config = { vps = 2 },
  doc = "Targets that do not exist get no answer; the channel closes all the same.",
  run = function(host, rg)
    local nic, ring = opened(host, rg)
    rg:say("close_reserved_channel", { channel_id = nic.id, target_vp = 0xffffffff,
                                       target_sint = 0x7fffffff })
    rg:expect_silence()
    check_eq(nic:state(), "closed", "the channel")
    ask_open(rg, nic, ring, { target_vp = 77, target_sint = 16 })
    rg:expect_silence()
    check_eq(nic:state(), "open", "the channel")
    close(rg, nic)
    rg:expect("close_reserved_response", { channel_id = nic })
  end,
}

case "host.reserved.removed-device" {
  level = "must", side = "host", requires = { "CORE-REQ-113", "CORE-REQ-088" },
  config = { vps = 2 },
  doc = "A device that goes while it is reserved is rescinded, and a close then is dropped.",
  run = function(host, rg)
    local nic = opened(host, rg)
    nic:revoke()
    rg:expect("rescind_channel_offer", { channel_id = nic })
    close(rg, nic)
    rg:expect_silence()
    check_eq(nic:state(), "revoked", "the channel")
  end,
}

case "host.reserved.below-4.0-there-are-none" {
  level = "must", side = "host", requires = { "CORE-REQ-073", "CORE-REQ-113" },
  config = { vps = 2 },
  doc = "Below 4.0 OPEN_RESERVED_CHANNEL is too new and dropped.",
  run = function(host, rg)
    local nic = online(host, rg, 0x30000)
    local ring = shared(rg, nic)
    rg:say("open_reserved_channel", { channel_id = nic.id, target_vp = 1, target_sint = 5,
      ring_buffer_gpadl_id = ring.gpadl_id, downstream_page_offset = ring.downstream },
      { version = 0x60000 })
    rg:expect_silence()
    check_eq(nic:state(), "closed", "the channel")
    check_eq(host:dropped("version"), 1, "messages dropped for the version")
  end,
}
