-- SPDX-License-Identifier: BSD-2-Clause
-- What a host makes of messages of a connected guest that are not about a channel, and of
-- those that are no messages: chapter 10 sections 4.1, 6.1 and appendix A.15.

local function free(host, gpa) return host:held_page(gpa) == 0 end

-- Every message of a guest, with the version from which it counts.
local gates = {
  request_offers = 0x0000d, open_channel = 0x0000d, close_channel = 0x0000d,
  gpadl_header = 0x0000d, gpadl_body = 0x0000d, gpadl_teardown = 0x0000d,
  rel_id_released = 0x0000d, unload = 0x0000d, open_reserved_channel = 0x40000,
  tl_connect_request = 0x40000, modify_channel = 0x40001, modify_connection = 0x60000,
  pause = 0x60000, resume = 0x60000,
}

-- The names in a fixed order.
local names = {}
for name in pairs(gates) do names[#names + 1] = name end
table.sort(names)

-- Still a working connection: a channel can be opened.
local function works(host, rg)
  local disk = host:offer { interface = "scsi" }
  rg:expect("offer_channel", { channel_id = disk })
  rg:open(disk)
  check_eq(host:info().state, "connected", "the connection")
end

case "host.connection.too-new-for-the-version" {
  level = "must", side = "host", requires = { "CORE-REQ-073" },
  doc = "A message above the negotiated version is dropped and the connection lives on.",
  run = function(host, rg)
    for _, version in ipairs { 0x0000d, 0x10001, 0x20004, 0x30000, 0x40000, 0x40001, 0x50003 } do
      rg:online { version = version }
      local before, n = host:dropped("version"), 0
      for _, name in ipairs(names) do
        if gates[name] > version then
          rg:say(name, {}, { version = 0x60000, features = 0x24 })
          host:settle()
          n = n + 1
        end
      end
      rg:expect_silence("1ms")
      check_eq(host:dropped("version") - before, n, "messages dropped for the version")
      check_eq(host:info().state, "connected", "the connection")
    end
    works(host, rg)
  end,
}

case "host.connection.feature-not-granted" {
  level = "must", side = "host", requires = { "CORE-REQ-073" },
  doc = "At 6.0 a message whose feature was not granted is dropped.",
  run = function(host, rg)
    rg:online { version = 0x60000, features = 0 }
    for _, name in ipairs { "modify_connection", "pause", "resume" } do
      rg:say(name, {}, { features = 0x24 })
    end
    rg:expect_silence()
    check_eq(host:dropped("version"), 3, "messages dropped for the version")
    works(host, rg)
  end,
}

case "host.connection.unknown-types-are-dropped" {
  level = "must", side = "host", requires = { "CORE-SEC-05" },
  doc = "Type 0 and types above the last one are dropped, with and without a connection.",
  run = function(host, rg)
    local types = { 0, 30, 31, 255, 256, 0x100, 0x7fffffff, 0x80000000, 0xffffffff }
    for round = 1, 2 do
      for _, t in ipairs(types) do
        for _, size in ipairs { 8, 12, 240 } do
          rg:post_raw(u32(t) .. u32(0) .. zeros(size - 8), { connection = round == 1 and 4 or nil })
          host:settle()
        end
      end
      rg:expect_silence()
      check_eq(host:dropped("type"), 3 * #types * round, "messages dropped for their type")
      if round == 1 then rg:online {} end
    end
    works(host, rg)
  end,
}

case "host.connection.wrong-direction-is-dropped" {
  level = "must", side = "host", requires = { "CORE-SEC-06", "CORE-REQ-125" },
  doc = "Messages that only a host sends are dropped, with and without a connection.",
  run = function(host, rg)
    local types = { 1, 2, 4, 6, 10, 12, 15, 17, 20, 23, 24, 26, 28 }
    for round = 1, 2 do
      for _, t in ipairs(types) do
        rg:post_raw(u32(t) .. u32(0) .. zeros(192), { connection = round == 1 and 4 or nil })
        host:settle()
      end
      rg:expect_silence()
      check_eq(host:dropped("direction"), #types * round, "messages dropped for the direction")
      if round == 1 then rg:online {} end
    end
    works(host, rg)
  end,
}

case "host.connection.shorter-than-a-header" {
  level = "must", side = "host", requires = { "CORE-SEC-04", "CORE-REQ-003" },
  doc = "Messages of fewer than 8 bytes are dropped.",
  run = function(host, rg)
    rg:online {}
    for n = 0, 7 do
      rg:post_raw((u32(3) .. u32(0)):sub(1, n))
      host:settle()
    end
    rg:expect_silence()
    check_eq(host:dropped("size"), 8, "messages dropped for their size")
    works(host, rg)
  end,
}

case "host.connection.truncated-messages-are-dropped" {
  level = "must", side = "host", requires = { "CORE-SEC-04" },
  doc = "A message shorter than its type needs is dropped without an answer, whatever it is.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online { version = 0x60000, features = 0x24 }
    local sizes = { open_channel = 148, close_channel = 12, gpadl_header = 20, gpadl_body = 16,
      gpadl_teardown = 16, rel_id_released = 12, open_reserved_channel = 28,
      close_reserved_channel = 20, tl_connect_request = 40, modify_channel = 16,
      modify_connection = 24 }
    local n = 0
    for _, name in ipairs(names) do
      for size = 8, (sizes[name] or 0) - 1 do
        rg:say(name, {}, { truncate = size, poke = sizes[name] > 12 and { [8] = u32(nic.id) } })
        host:settle()
        n = n + 1
      end
    end
    rg:expect_silence()
    check_eq(host:dropped("size"), n, "messages dropped for their size")
    works(host, rg)
  end,
}

case "host.connection.surplus-bytes-are-ignored" {
  level = "must", side = "host", requires = { "CORE-SEC-04", "CORE-REQ-122" },
  doc = "Bytes behind a message do no harm.",
  run = function(host, rg)
    host:offer { interface = "network" }
    rg:contact {}
    rg:say("request_offers", {}, { append = pattern(232, 1) })
    rg:expect("offer_channel")
    rg:expect("all_offers_delivered")
    rg:say("unload", {}, { append = pattern(1, 1) })
    rg:expect("unload_complete")
  end,
}

case "host.connection.padding-of-the-header-is-ignored" {
  level = "must", side = "host", requires = { "CORE-REQ-002" },
  doc = "The second word of a header may hold anything.",
  run = function(host, rg)
    host:offer { interface = "network" }
    rg:contact {}
    rg:say("request_offers", {}, { poke = { [4] = "\xff\xff\xff\xff" } })
    rg:expect("offer_channel")
    local m = rg:expect("all_offers_delivered")
    check_eq(m.bytes, u32(4) .. u32(0), "bytes of ALL_OFFERS_DELIVERED")
  end,
}

case "host.connection.other-synic-types-are-no-messages" {
  level = "must", side = "host", requires = { "CORE-SEC-05" },
  doc = "A posted message of another SynIC type is no channel message.",
  run = function(host, rg)
    host:offer { interface = "network" }
    rg:contact {}
    for _, t in ipairs { 2, 3, 0x10, 0x7fffffff } do rg:say("request_offers", {}, { type = t }) end
    rg:expect_silence()
    rg:say("request_offers")
    rg:expect("offer_channel")
  end,
}

-- UNLOAD ------------------------------------------------------------------------------------

case "host.unload.closes-all-and-says-so" {
  level = "must", side = "host", requires = { "CORE-REQ-074" },
  doc = "UNLOAD closes all channels, is answered when they are closed, and ends the connection.",
  run = function(host, rg)
    local nic, disk = host:offer { interface = "network" }, host:offer { interface = "scsi" }
    rg:online {}
    local ring = rg:open(nic)
    rg:open(disk)
    nic:answer("close", { hold = true })
    rg:say("unload")
    rg:expect_silence()
    check_eq(host:info().state, "disconnecting", "the connection while a device closes")
    check_eq(disk:state(), "released", "the channel whose device has closed")
    nic:finish("close")
    local m = rg:expect("unload_complete")
    check_eq(m.bytes, u32(17) .. u32(0), "bytes of UNLOAD_COMPLETE")
    check_eq(host:info().state, "disconnected", "the connection")
    check_eq(nic:info().gpadls + disk:info().gpadls, 0, "GPADLs left")
    check(free(host, ring.memory:gpa()), "the rings are free")
    rg:expect_silence()
  end,
}

for _, v in ipairs { 0x0000d, 0x10001, 0x20004, 0x30000, 0x50003, 0x60000 } do
  case(("host.unload.answered-at-%d-%d"):format(v >> 16, v & 0xffff)) {
    level = v >= 0x10001 and "must" or "quirk", side = "host", requires = { "CORE-REQ-074" },
    doc = ("UNLOAD at %d.%d is answered by UNLOAD_COMPLETE."):format(v >> 16, v & 0xffff),
    run = function(host, rg)
      host:offer { interface = "network" }
      rg:online { version = v }
      rg:say("unload")
      host:settle()
      -- The message is younger than 0.13, so at that version it has no name.
      check_eq(host:sent("unload_complete"), 1, "answers sent")
      check_eq(host:info().state, "disconnected", "the connection")
      rg:say("request_offers")
      host:settle()
      check_eq(host:dropped("state"), 1, "messages dropped afterwards")
    end,
  }
end

case "host.unload.pages-are-free-when-it-is-answered" {
  level = "must", side = "host", requires = { "CORE-REQ-074" }, bugs = { "BUG-055" },
  doc = "UNLOAD lets go of the monitor and interrupt pages although no channel was ever open.",
  run = function(host, rg)
    local a, b, c = rg:alloc(1):gpa(), rg:alloc(1):gpa(), rg:alloc(1):gpa()
    local pages = { parent_to_child_monitor_page_gpa = a, child_to_parent_monitor_page_gpa = b }
    local nic = host:offer { interface = "network", monitored = true }
    for _, v in ipairs { 0x10001, 0x50003 } do
      rg:online { version = v, interrupt_page = c, fields = pages }
      check(not free(host, a) and not free(host, b), "monitor pages are in use")
      check_eq(free(host, c), v > 0x10001, "the interrupt page is free")
      rg:open(nic)
      rg:say("close_channel", { channel_id = nic.id })
      host:settle()
      check_eq(nic:state(), "closed", "the channel")
      rg:say("unload")
      rg:expect("unload_complete")
      check(free(host, a) and free(host, b) and free(host, c), "all pages are free")
      host:write_memory(b + 8, "\xff\xff\xff\xff")
      host:run_for("10ms")
      check_eq(host:read_memory(b + 8, 4), "\xff\xff\xff\xff", "the page is not polled any more")
    end
  end,
}

case "host.unload.half-sent-gpadls-go-too" {
  level = "must", side = "host", requires = { "CORE-REQ-074" }, bugs = { "BUG-094" },
  doc = "A GPADL that was half sent at UNLOAD is gone; its id works on the next connection.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local memory = rg:alloc(40)
    rg:gpadl(nic, 7, memory, { skip_bodies = true })
    host:settle()
    check_eq(nic:gpadl(7).state, "in-progress", "the GPADL")
    rg:say("unload")
    rg:expect("unload_complete")
    check(nic:gpadl(7) == nil, "the GPADL is gone")
    rg:online {}
    rg:say("gpadl_body", { gpadl_id = 7, ranges = zeros(112) })
    rg:expect_none("gpadl_created")
    rg:share(nic, memory, 7)
  end,
}

-- PAUSE and RESUME --------------------------------------------------------------------------

local function paused(host, rg)
  local nic = host:offer { interface = "network" }
  rg:online { version = 0x60000, features = 0x24 }
  rg:say("pause")
  local m = rg:expect("pause_response")
  check_eq(m.bytes, u32(28) .. u32(0), "bytes of PAUSE_RESPONSE")
  check_eq(host:info().paused, true, "paused")
  return nic
end

case "host.pause.nothing-is-handled-meanwhile" {
  level = "must", side = "host", requires = { "CORE-REQ-076" },
  doc = "After PAUSE_RESPONSE a host handles no message but those that end the pause.",
  run = function(host, rg)
    local nic = paused(host, rg)
    local before = host:dropped("state")
    rg:gpadl(nic, 9, rg:alloc(2))
    for _, name in ipairs { "request_offers", "modify_connection", "pause", "open_channel",
                            "close_channel", "rel_id_released", "modify_channel" } do
      rg:say(name, { channel_id = nil })
    end
    rg:expect_silence()
    check_eq(host:dropped("state") - before, 8, "messages dropped for the state")
    check(nic:gpadl(9) == nil, "no GPADL was made")
  end,
}

case "host.pause.resume-sends-what-waited" {
  level = "must", side = "host", requires = { "CORE-REQ-076" },
  doc = "What a host had to say during a pause is said in order after RESUME, which has no answer.",
  run = function(host, rg)
    local nic = paused(host, rg)
    local disk = host:offer { interface = "scsi" }
    nic:revoke()
    rg:expect_silence()
    rg:say("resume")
    rg:expect("offer_channel", { channel_id = disk })
    rg:expect("rescind_channel_offer", { channel_id = nic })
    rg:expect_silence()
    check_eq(host:info().paused, false, "paused")
    rg:open(disk)
  end,
}

case "host.pause.resume-without-pause" {
  level = "must", side = "host", requires = { "CORE-REQ-076" },
  doc = "RESUME without PAUSE does nothing, and PAUSE can be said again after it.",
  run = function(host, rg)
    host:offer { interface = "network" }
    rg:online { version = 0x60000, features = 0x20 }
    rg:say("resume")
    rg:expect_silence()
    for _ = 1, 3 do
      rg:say("pause")
      rg:expect("pause_response")
      rg:say("resume")
      rg:expect_silence("1ms")
    end
    works(host, rg)
  end,
}

case "host.pause.ended-by-unload" {
  level = "must", side = "host", requires = { "CORE-REQ-076", "CORE-REQ-074" },
  doc = "UNLOAD ends a pause and is answered; what waited is not sent.",
  run = function(host, rg)
    paused(host, rg)
    host:offer { interface = "scsi" }
    rg:say("unload")
    rg:expect("unload_complete")
    rg:expect_silence()
    rg:online { version = 0x60000, features = 0x20 }
    check_eq(host:info().paused, false, "paused")
  end,
}

case "host.pause.ended-by-contact" {
  level = "must", side = "host", requires = { "CORE-REQ-076", "CORE-REQ-069" },
  doc = "A new contact ends a pause and is answered.",
  run = function(host, rg)
    paused(host, rg)
    check_eq(rg:contact { version = 0x50003 }.version_supported, 1, "version_supported")
    check_eq(host:info().paused, false, "paused")
    rg:say("request_offers")
    rg:expect("all_offers_delivered")
  end,
}

-- MODIFY_CONNECTION -------------------------------------------------------------------------

local function modify(rg, a, b)
  rg:say("modify_connection", { parent_to_child_monitor_page_gpa = a,
                                child_to_parent_monitor_page_gpa = b })
  local m = rg:expect("modify_connection_response")
  check_eq(m.size, 9, "size of MODIFY_CONNECTION_RESPONSE")
  return m.connection_state
end

case "host.modify-connection.replaces-and-removes-pages" {
  level = "must", side = "host", requires = { "CORE-REQ-078" },
  doc = "Monitor pages are replaced and removed, and the answer has 9 bytes.",
  run = function(host, rg)
    local p = {}
    for i = 1, 4 do p[i] = rg:alloc(1):gpa() end
    rg:online { version = 0x60000, features = 4, fields = {
      parent_to_child_monitor_page_gpa = p[1], child_to_parent_monitor_page_gpa = p[2] } }
    check_eq(modify(rg, p[3], p[4]), 0, "connection_state")
    check(free(host, p[1]) and free(host, p[2]), "the old pages are free")
    check(not free(host, p[3]) and not free(host, p[4]), "the new pages are in use")
    check_eq(modify(rg, 0, 0), 0, "connection_state")
    check(free(host, p[3]) and free(host, p[4]), "all pages are free")
    check_eq(modify(rg, p[1], p[2]), 0, "connection_state")
    check_eq(host:info().monitor_page_c2p, p[2], "page in use")
  end,
}

case "host.modify-connection.one-page-fails" {
  level = "must", side = "host", requires = { "CORE-REQ-077", "CORE-REQ-078", "CORE-SEC-46" },
  doc = "One zero page, or a page that is none, gives state 2 and changes nothing.",
  run = function(host, rg)
    local p = {}
    for i = 1, 4 do p[i] = rg:alloc(1):gpa() end
    rg:online { version = 0x60000, features = 4, fields = {
      parent_to_child_monitor_page_gpa = p[1], child_to_parent_monitor_page_gpa = p[2] } }
    for _, t in ipairs { { p[3], 0 }, { 0, p[4] }, { p[3] + 1, p[4] }, { p[3], p[4] + 2048 },
                         { p[3], 0x7ffffffffffff000 }, { -4096, p[4] } } do
      check_eq(modify(rg, t[1], t[2]), 2, "connection_state")
      check(not free(host, p[1]) and not free(host, p[2]), "the old pages are in use")
      check(free(host, p[3]) and free(host, p[4]), "the new pages are not")
    end
  end,
}

case "host.modify-connection.pages-of-the-server-stay" {
  level = "must", side = "host", requires = { "CORE-REQ-077" },
  doc = "While the server's own monitor pages are in use a guest cannot bring others.",
  config = { host = { server_pages = true, server_page_c2p = 0xfffff000 } },
  run = function(host, rg)
    rg:online { version = 0x60000, features = 0x44 }
    check_eq(modify(rg, rg:alloc(1):gpa(), rg:alloc(1):gpa()), 2, "connection_state")
    check_eq(modify(rg, 0, 0), 2, "connection_state")
    check_eq(host:info().monitor_page_c2p, 0xfffff000, "page in use")
  end,
}

-- Flow control ------------------------------------------------------------------------------

case "host.flow.guest-that-never-drains" {
  level = "must", side = "host", requires = { "CORE-SEC-44" }, bugs = { "BUG-064" },
  doc = "A guest whose slot stays full is not read any more and finds no buffers; then " ..
    "all goes on.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local memory = rg:alloc(1)
    rg:hold_slots(true)
    local posted, status = 0, 0
    for id = 1, 200 do
      status = rg:post("gpadl_header", { channel_id = nic.id, gpadl_id = id, range_count = 1,
        range_buf_len = 16, ranges = u32(4096) .. u32(0) .. u64(memory.pfns[1]) })
      if status ~= 0 then break end
      posted = id
      host:run_for("10us")
    end
    check_eq(status, 0x13, "status of HvPostMessage when nobody reads")
    check(posted < 60, "messages taken from a guest that reads none: " .. posted)
    check(host:slot(0, 2).queued < 40, "messages that wait for the guest: " ..
          host:slot(0, 2).queued)
    check(host:slot(0, 2).busy, "the slot is occupied")
    rg:hold_slots(false)
    host:interrupt(0, 2)
    for id = 1, posted do rg:expect("gpadl_created", { gpadl_id = id, status = 0 }) end
    rg:share(nic, memory, 1000)
  end,
}

case "host.flow.occupied-slot-is-left-alone" {
  level = "must", side = "host", requires = { "CORE-REQ-015", "CORE-REQ-016" },
  doc = "An occupied slot is not overwritten but marked pending; the next message follows EOM.",
  run = function(host, rg)
    local nic, disk = host:offer { interface = "network" }, host:offer { interface = "scsi" }
    rg:online {}
    local slot = rg:synic_pages(0) + 2 * 256
    rg:hold_slots(true)
    nic:revoke()
    host:settle()
    local first = host:read_memory(slot, 256)
    check_eq(get_u32(first, 0), 1, "message_type")
    check_eq(first:byte(5), 12, "payload_size")
    check_eq(first:byte(6) & 1, 0, "message_pending before there is more")
    check_eq(get_u32(first, 16), 2, "RESCIND_CHANNEL_OFFER")
    disk:revoke()
    host:settle()
    local now = host:read_memory(slot, 256)
    check_eq(now:byte(6) & 1, 1, "message_pending")
    check_eq(now:sub(1, 5) .. now:sub(7), first:sub(1, 5) .. first:sub(7), "the rest of the slot")
    -- Released without EOM: the slot stays empty.
    host:write_memory(slot, u32(0))
    host:run_for("10ms")
    check_eq(get_u32(host:read_memory(slot, 4), 0), 0, "message_type before EOM")
    rg:wrmsr(0x40000084, 0)
    host:settle()
    check_eq(get_u32(host:read_memory(slot, 4), 0), 1, "message_type after EOM")
    check_eq(get_u32(host:read_memory(slot + 16, 12), 8), disk.id, "channel of the second")
    check_eq(host:read_memory(slot + 5, 1), "\0", "message_pending of the last one")
  end,
}

case "host.flow.messages-keep-their-order" {
  level = "must", side = "host", requires = { "CORE-REQ-016" },
  doc = "Many messages through one slot arrive whole and in order.",
  run = function(host, rg)
    for _ = 1, 50 do host:offer { interface = "network" } end
    local offers = rg:online {}
    check_eq(#offers, 50, "offers")
    for i, m in ipairs(offers) do
      check_eq(m.channel_id, i, "order of offers")
      check_eq(m.size, 196, "size of an offer")
    end
  end,
}

case "host.flow.nothing-before-the-page-is-enabled" {
  level = "must", side = "host", requires = { "CORE-REQ-016" },
  doc = "While a guest has its message page disabled a message waits, and comes afterwards.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local page = rg:synic_pages(0)
    rg:wrmsr(0x40000083, 0)
    nic:revoke()
    rg:expect_silence()
    check_eq(host:read_memory(page + 512, 4), zeros(4), "the page that was disabled")
    rg:wrmsr(0x40000083, page | 1)
    rg:expect("rescind_channel_offer", { channel_id = nic })
  end,
}
