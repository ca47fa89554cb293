-- SPDX-License-Identifier: BSD-2-Clause
-- MODIFY_CHANNEL on the host's side: chapter 10 section 6.3.

local function failure(s) return s ~= 0 end

local function opened(host, rg, version, vp)
  local nic = host:offer { interface = "network" }
  rg:online { version = version }
  local ring = rg:open(nic, { target_vp = vp or 0 })
  return nic, ring
end

local function modify(rg, nic, vp)
  rg:say("modify_channel", { channel_id = type(nic) == "table" and nic.id or nic, target_vp = vp })
end

case "host.modify.moves-the-interrupts" {
  level = "must", side = "host", requires = { "CORE-REQ-109" }, config = { vps = 3 },
  doc = "After MODIFY_CHANNEL_RESPONSE interrupts come on the new processor and never on the old.",
  run = function(host, rg)
    local nic, ring = opened(host, rg, 0x50003)
    nic:send_packet { payload = "one" }
    rg:expect_flag(nic.id, { vp = 0 })
    modify(rg, nic, 2)
    local m = rg:expect("modify_channel_response", { channel_id = nic, status = 0 })
    check_eq(m.bytes, u32(24) .. u32(0) .. u32(nic.id) .. u32(0), "bytes of the response")
    local old = rg:flags(nic.id, 0)
    for i = 1, 20 do
      ring:expect {}
      nic:send_packet { payload = u64(i) }
    end
    nic:interrupt()
    rg:expect_flag(nic.id, { vp = 2 })
    check_eq(rg:flags(nic.id, 0), old, "flags on the old processor")
    check_eq(rg:flags(nic.id, 1), 0, "flags on a third one")
  end,
}

case "host.modify.cannot-disable-interrupts" {
  level = "must", side = "host", requires = { "CORE-REQ-108" },
  doc = "MODIFY_CHANNEL to 0xffffffff fails and the interrupts stay.",
  run = function(host, rg)
    local nic = opened(host, rg, 0x50003)
    modify(rg, nic, 0xffffffff)
    rg:expect("modify_channel_response", { channel_id = nic, status = failure })
    nic:interrupt()
    rg:expect_flag(nic.id)
  end,
}

case "host.modify.processor-that-does-not-exist" {
  level = "must", side = "host", requires = { "CORE-SEC-49" }, config = { vps = 2 },
  doc = "MODIFY_CHANNEL to a processor that does not exist fails and the interrupts stay.",
  run = function(host, rg)
    local nic = opened(host, rg, 0x50003, 1)
    for _, vp in ipairs { 2, 64, 0xffff, 0x7fffffff, 0xfffffffe } do
      modify(rg, nic, vp)
      rg:expect("modify_channel_response", { channel_id = nic, status = failure })
    end
    nic:interrupt()
    rg:expect_flag(nic.id, { vp = 1 })
  end,
}

case "host.modify.needs-an-open-channel" {
  level = "must", side = "host", requires = { "CORE-REQ-108" },
  doc = "At 5.3 MODIFY_CHANNEL of a channel that is not open, or none, is answered by a failure.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local function fails(ch)
      modify(rg, ch, 0)
      rg:expect("modify_channel_response", { status = failure })
    end
    fails(nic)
    for _, id in ipairs { 0, 2, 2048, 0xffffffff } do
      modify(rg, id, 0)
      rg:expect("modify_channel_response", { channel_id = id, status = failure })
    end
    local ring = rg:open(nic)
    nic:answer("close", { hold = true })
    rg:say("close_channel", { channel_id = nic.id })
    fails(nic)
    nic:finish("close")
    fails(nic)
    check_ne(ring.gpadl_id, 0, "the rings")
    nic:revoke()
    rg:expect("rescind_channel_offer")
    fails(nic)
  end,
}

case "host.modify.one-at-a-time" {
  level = "must", side = "host", requires = { "CORE-REQ-109" }, config = { vps = 3 },
  doc = "At 5.3 a request while one is pending is ignored without a response of its own.",
  run = function(host, rg)
    local nic = opened(host, rg, 0x50003)
    nic:answer("modify", { hold = true })
    modify(rg, nic, 1)
    modify(rg, nic, 2)
    rg:expect_silence()
    nic:interrupt()
    rg:expect_flag(nic.id, { vp = 0 })
    nic:finish("modify")
    rg:expect("modify_channel_response", { channel_id = nic, status = 0 })
    rg:expect_silence()
    nic:interrupt()
    rg:expect_flag(nic.id, { vp = 1 })
    check_eq(rg:flags(nic.id, 2), 0, "flags on the processor of the ignored request")
  end,
}

case "host.modify.device-refuses" {
  level = "must", side = "host", requires = { "CORE-REQ-109" }, config = { vps = 2 },
  doc = "A move that the device refuses fails and changes nothing; the next one is done.",
  run = function(host, rg)
    local nic = opened(host, rg, 0x60000)
    nic:answer("modify", { status = 0xc0000001 })
    modify(rg, nic, 1)
    rg:expect("modify_channel_response", { channel_id = nic, status = failure })
    nic:interrupt()
    rg:expect_flag(nic.id, { vp = 0 })
    nic:answer("modify", { status = 0 })
    modify(rg, nic, 1)
    rg:expect("modify_channel_response", { channel_id = nic, status = 0 })
  end,
}

case "host.modify.silent-below-5.3" {
  level = "must", side = "host", requires = { "CORE-REQ-110" }, config = { vps = 4 },
  doc = "Below 5.3 there is no response, and of several requests the last one wins.",
  run = function(host, rg)
    for _, v in ipairs { 0x40001, 0x50002 } do
      local nic = opened(host, rg, v)
      nic:answer("modify", { hold = true })
      for _, vp in ipairs { 1, 2, 3, 0xffffffff } do modify(rg, nic, vp) end
      modify(rg, 999, 1)
      host:settle()
      nic:finish("modify")
      host:settle()
      nic:finish("modify")
      rg:expect_silence()
      check_eq(nic:asked("modify"), 0, "questions to the device")
      nic:interrupt()
      rg:expect_flag(nic.id, { vp = 3, times = 1 })
      check_eq(rg:flags(nic.id, 1) + rg:flags(nic.id, 2), 0, "flags on the others")
    end
  end,
}

case "host.modify.pending-at-the-close" {
  level = "should", side = "host", requires = { "CORE-REQ-109" }, config = { vps = 2 },
  doc = "A close ends a pending move; the next opening has the processor that it asks for.",
  run = function(host, rg)
    local nic = opened(host, rg, 0x50003)
    nic:answer("modify", { hold = true })
    modify(rg, nic, 1)
    rg:say("close_channel", { channel_id = nic.id })
    host:settle()
    rg:open(nic, { target_vp = 0 })
    nic:finish("modify")
    nic:interrupt()
    rg:expect_flag(nic.id, { vp = 0 })
    check_eq(rg:flags(nic.id, 1), 0, "flags on the processor of the old move")
  end,
}
