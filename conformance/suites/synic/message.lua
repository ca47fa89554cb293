-- SPDX-License-Identifier: BSD-2-Clause
-- Message slots as a guest empties them: chapter 10 section 2.9.

-- A connected guest with one offer, and its message slot of SINT 2.
local function online(host, guest)
  local nic = host:offer { interface = "network" }
  guest:online()
  host:settle()
  guest:mark()
  local writes = host:msr_writes(0x40000083)
  local simp
  for _, w in ipairs(writes) do
    if w.vp == host:info().target_vp and w.value & 1 == 1 then simp = w.value & ~0xfff end
  end
  return nic, check(simp, "the guest has enabled a message page") + 2 * 256
end

-- The slot is empty, and messages still arrive.
local function goes_on(host, guest, slot)
  host:settle()
  check_eq(get_u32(host:read_memory(slot, 4), 0), 0, "message_type of the slot")
  local disk = host:offer { interface = "scsi" }
  guest:expect_event("offer", { channel = disk })
  return disk
end

local function rescind(nic) return u32(2) .. u32(0) .. u32(nic.id) end

for _, size in ipairs { 241, 242, 248, 255 } do
  case("synic.message.payload-size-" .. size) {
    level = "must", requires = { "CORE-SEC-03", "CORE-SEC-02" },
    doc = ("A slot that claims %d bytes is emptied and its message dropped."):format(size),
    run = function(host, guest)
      local nic, slot = online(host, guest)
      host:send_raw(rescind(nic), { size = size })
      local disk = goes_on(host, guest, slot)
      guest:expect_no_event("rescind", "1ms")
      guest:opened(nic)
      guest:opened(disk)
    end,
  }
end

case "synic.message.shorter-than-a-header" {
  level = "must", requires = { "CORE-SEC-03" },
  doc = "A slot that claims fewer than 8 bytes is emptied and its message dropped.",
  run = function(host, guest)
    local nic, slot = online(host, guest)
    for size = 0, 7 do host:send_raw(rescind(nic), { size = size }) end
    goes_on(host, guest, slot)
    guest:expect_no_event("rescind", "1ms")
    guest:opened(nic)
  end,
}

case "synic.message.size-decides" {
  level = "must", requires = { "CORE-SEC-03", "CORE-SEC-04" },
  doc = "A message is as long as its slot says: what follows in the slot is not parsed.",
  run = function(host, guest)
    local nic, slot = online(host, guest)
    for size = 8, 11 do host:send_raw(rescind(nic), { size = size }) end
    goes_on(host, guest, slot)
    guest:expect_no_event("rescind", "1ms")
    host:send_raw(rescind(nic), { size = 12 })
    guest:expect_event("rescind", { channel = nic })
  end,
}

case "synic.message.surplus-up-to-240" {
  level = "must", requires = { "CORE-REQ-003", "CORE-REQ-122" },
  doc = "A message whose slot says 240 bytes is taken for what it is.",
  run = function(host, guest)
    local nic, slot = online(host, guest)
    host:send_raw(rescind(nic) .. pattern(228, 3), { size = 240 })
    guest:expect_event("rescind", { channel = nic })
    goes_on(host, guest, slot)
  end,
}

-- What else a hypervisor or another SynIC user may leave in the slot.
for _, t in ipairs { { "timer", 0x80000010 }, { "intercept", 0x80000000 },
                     { "unrecoverable", 0x80000021 }, { "type-2", 2 }, { "type-0x100", 0x100 },
                     { "type-0x101", 0x101 }, { "highest-type", 0xffffffff } } do
  case("synic.message." .. t[1] .. "-is-no-vmbus") {
    level = "must", requires = { "CORE-REQ-017" },
    doc = ("A message of SynIC type 0x%x is released without being parsed."):format(t[2]),
    run = function(host, guest)
      local nic, slot = online(host, guest)
      host:send_raw(rescind(nic), { synic_type = t[2] })
      host:send_raw(rescind(nic) .. zeros(100), { synic_type = t[2], size = 0xff })
      goes_on(host, guest, slot)
      guest:expect_no_event("rescind", "1ms")
      guest:opened(nic)
    end,
  }
end

case "synic.message.timers-in-between" {
  level = "must", requires = { "CORE-REQ-017", "CORE-REQ-014" },
  doc = "Timer messages between channel messages cost none of these, in any order.",
  run = function(host, guest)
    online(host, guest)
    local devices = {}
    for i = 1, 20 do
      for _ = 1, i % 3 do
        host:send_raw(zeros(24), { synic_type = 0x80000010 })
      end
      devices[i] = host:offer { interface = "scsi" }
    end
    for i = 1, 20 do guest:expect_event("offer", { channel = devices[i] }) end
  end,
}

case "synic.message.sender-and-flags-do-not-matter" {
  level = "must", requires = { "CORE-REQ-014" },
  doc = "The sender of a message and flags other than message_pending have no say.",
  run = function(host, guest)
    local nic, slot = online(host, guest)
    local before = host:synic().eoms
    host:send_raw(rescind(nic), { flags = 0xfe, sender = -1 })
    guest:expect_event("rescind", { channel = nic })
    host:settle()
    check_eq(host:synic().eoms, before, "EOMs for a message without message_pending")
    goes_on(host, guest, slot)
  end,
}

case "synic.eom.only-when-pending" {
  level = "must", requires = { "CORE-REQ-014" },
  doc = "A message that comes alone is emptied without EOM.",
  run = function(host, guest)
    online(host, guest)
    local before = host:synic().eoms
    for _ = 1, 10 do
      local disk = host:offer { interface = "scsi" }
      guest:expect_event("offer", { channel = disk })
      host:settle()
    end
    check_eq(host:synic().eoms - before, 0, "EOMs")
  end,
}

case "synic.eom.whenever-pending" {
  level = "must", requires = { "CORE-REQ-014" },
  doc = "Messages that queue up are all fetched, by one EOM each and none in vain.",
  run = function(host, guest)
    online(host, guest)
    local before = host:synic()
    local devices = {}
    for i = 1, 40 do devices[i] = host:offer { interface = "scsi" } end
    for i = 1, 40 do guest:expect_event("offer", { channel = devices[i] }) end
    host:settle()
    local now = host:synic()
    check_eq(now.messages - before.messages, 40, "messages through the slot")
    check_eq(now.eoms - before.eoms, 39, "EOMs")
    check_eq(now.needless - before.needless, 0, "EOMs with nothing to fetch")
  end,
}

case "synic.eom.pending-with-nothing-behind" {
  level = "must", requires = { "CORE-REQ-014", "CORE-REQ-048" },
  doc = "message_pending on a message that has none behind it costs an EOM and nothing else.",
  run = function(host, guest)
    local nic, slot = online(host, guest)
    local before = host:synic().eoms
    host:send_raw(rescind(nic), { flags = 1 })
    guest:expect_event("rescind", { channel = nic })
    host:settle()
    check_eq(host:synic().eoms - before, 1, "EOMs")
    goes_on(host, guest, slot)
  end,
}

case "synic.eom.value-is-zero" {
  level = "must", requires = { "CORE-REQ-014" },
  doc = "EOM is written as 0.",
  run = function(host, guest)
    online(host, guest)
    for _ = 1, 5 do host:offer { interface = "scsi" } end
    host:settle()
    local writes = host:msr_writes(0x40000084)
    check(#writes > 0, "EOMs were written")
    for _, w in ipairs(writes) do check_eq(w.value, 0, "value of an EOM") end
  end,
}

case "synic.message.bad-one-with-others-behind" {
  level = "must", requires = { "CORE-REQ-014", "CORE-SEC-03" },
  doc = "EOM is written for a message that was dropped as well: those behind it arrive.",
  run = function(host, guest)
    online(host, guest)
    local devices = {}
    for i = 1, 6 do
      host:send_raw(zeros(8), { size = 255 })
      host:send_raw("\1\2\3", { size = 3 })
      host:send_raw(u32(99) .. u32(0), {})
      devices[i] = host:offer { interface = "scsi" }
    end
    for i = 1, 6 do guest:expect_event("offer", { channel = devices[i] }) end
  end,
}

case "synic.message.other-sint" {
  level = "must", requires = { "CORE-REQ-017" },
  doc = "What is in the slots of other SINTs is not taken for a message of VMBus.",
  run = function(host, guest)
    local nic, slot = online(host, guest)
    local vp = host:info().target_vp
    for _, sint in ipairs { 0, 1, 3, 7, 15 } do
      host:send_raw(rescind(nic), { vp = vp, sint = sint })
      host:interrupt(vp, sint)
    end
    host:interrupt(vp, 2)
    goes_on(host, guest, slot)
    guest:expect_no_event("rescind", "1ms")
    guest:opened(nic)
  end,
}

case "synic.message.other-processor" {
  level = "quirk", requires = { "CORE-REQ-070" }, config = { vps = 3 },
  doc = "A message in SINT 2 of another processor is taken there or left there, and harms nothing.",
  run = function(host, guest)
    local nic, slot = online(host, guest)
    for vp = 0, 2 do
      if vp ~= host:info().target_vp then host:send_raw(rescind(nic), { vp = vp }) end
    end
    goes_on(host, guest, slot)
    check(guest:count_events("rescind", { channel = nic }) <= 1, "one rescind at most")
  end,
}

case "synic.message.spurious-interrupts" {
  level = "must", requires = { "CORE-REQ-048" }, config = { vps = 2 },
  doc = "Interrupts with nothing to find do no harm on any processor.",
  run = function(host, guest)
    local nic, slot = online(host, guest)
    local before = host:synic().eoms
    for _ = 1, 50 do
      host:interrupt(0, 2)
      host:interrupt(1, 2)
      host:run_for("10us")
    end
    check_eq(host:synic().eoms, before, "EOMs")
    goes_on(host, guest, slot)
    guest:opened(nic)
  end,
}

case "synic.message.where-the-contact-said" {
  level = "must", requires = { "CORE-REQ-070" }, config = { vps = 4 },
  doc = "A guest takes messages where its INITIATE_CONTACT told the host to send them.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    local contact = host:messages("initiate_contact")
    check_eq(host:info().target_vp, contact[#contact].target_message_vp, "processor")
    check_range(host:info().target_vp, 0, 3, "processor")
    guest:opened(nic)
    check(host:synic(host:info().target_vp).messages > 0, "messages on that processor")
  end,
}

case "synic.message.with-events-at-once" {
  level = "must", requires = { "CORE-REQ-014", "CORE-REQ-018" }, config = { shuffle = true },
  doc = "Messages and event flags under one interrupt are all found, in whatever order.",
  run = function(host, guest)
    local nic = online(host, guest)
    guest:opened(nic)
    for i = 1, 30 do
      local disk = host:offer { interface = "scsi" }
      nic:send_packet { payload = u64(i) }
      host:wait_until(function()
        return guest:count_events("packet", { channel = nic, data = u64(i) }) == 1
           and guest:count_events("offer", { channel = disk }) == 1
      end, "1s", "the packet and the offer")
    end
  end,
}

-- Double fetch: the slot changes between two loads of the driver ------------------------------

-- Bytes of the slot change right after the driver has loaded them once: the message must be taken
-- as it was. Only a type that changes may cost it, as somebody else released the slot then.
local function changes(name, text, offset, bytes, bugs)
  case("synic.double-fetch." .. name) {
    level = "must", requires = { "CORE-SEC-01", "CORE-SEC-02" }, bugs = bugs,
    doc = "A slot " .. text .. " is taken as it was first read.",
    run = function(host, guest)
      local nic, slot = online(host, guest)
      host:change_after_load { gpa = slot, offset = offset, bytes = bytes }
      host:send_raw(rescind(nic), {})
      host:settle()
      if host:unspent_faults() > 0 then
        host:clear_faults()
        skip("the target is not built with load hooks")
      end
      local mine = guest:count_events("rescind", { channel = nic })
      check_range(mine, offset == 0 and 0 or 1, 1, "rescinds of the channel in the message")
      check_eq(guest:count_events("rescind"), mine, "rescinds in all")
      host:write_memory(slot, u32(0))
      local disk = host:offer { interface = "scsi" }
      guest:expect_event("offer", { channel = disk })
      guest:opened(disk)
    end,
  }
end

changes("payload-size-grows", "whose payload_size grows after it was read", 4, u8(255),
        { "BUG-031" })
changes("payload-size-shrinks", "whose payload_size shrinks after it was read", 4, u8(3),
        { "BUG-031" })
changes("type-changes", "whose message_type changes after it was read", 0, u32(0x80000010))
changes("payload-changes", "whose payload changes after it was copied", 16, u32(1))
changes("channel-changes", "whose channel_id changes after it was copied", 24, u32(0x7ff))
