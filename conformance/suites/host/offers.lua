-- SPDX-License-Identifier: BSD-2-Clause
-- Offers, rescinds and released ids as a host does them: chapter 10 sections 4.3 to 4.5, 6.1,
-- 6.5 and 6.6.

local function free(host, gpa) return host:held_page(gpa) == 0 end

case "host.offer.bytes-of-a-keyboard" {
  level = "must", side = "host",
  requires = { "CORE-REQ-001", "CORE-REQ-002", "CORE-REQ-056", "CORE-SEC-12" },
  doc = "An offer is the 196 bytes of the worked example, reserved fields zero.",
  run = function(host, rg)
    host:offer { interface = "keyboard", instance = "d34b2567-b9b6-42b9-8778-0a4ec0b955bf",
                 channel_id = 3, connection_id = 0x2003 }
    local offer = rg:online {}[1]
    check_eq(offer.bytes, hex "01 00 00 00 00 00 00 00 6d ad 12 f9 17 2b ea 48" ..
      hex "bd 65 f9 27 a6 1c 76 84 67 25 4b d3 b6 b9 b9 42 87 78 0a 4e c0 b9 55 bf" ..
      zeros(144) .. hex "03 00 00 00 ff 00 01 00 03 20 00 00", "bytes of OFFER_CHANNEL")
  end,
}

for _, v in ipairs { 0x0000d, 0x10001, 0x20004, 0x40000, 0x60000 } do
  case(("host.offer.size-at-%d-%d"):format(v >> 16, v & 0xffff)) {
    level = v >= 0x10001 and "must" or "quirk", side = "host",
    requires = { "CORE-REQ-056", "CORE-REQ-057" },
    doc = ("At %d.%d an offer has its exact size, and ALL_OFFERS_DELIVERED has 8 bytes."):format(
      v >> 16, v & 0xffff),
    run = function(host, rg)
      local nic = host:offer { interface = "network", user_defined = pattern(120, 1),
                               mmio_megabytes = 8, flags = 0x2010 }
      local offer = rg:online { version = v }[1]
      check_eq(offer.size, v >= 0x10001 and 196 or 190, "size of OFFER_CHANNEL")
      check_eq(get_u16(offer.bytes, 56), 0x2010, "flags")
      check_eq(get_u16(offer.bytes, 58), 8, "mmio_megabytes")
      check_eq(offer.bytes:sub(61, 180), pattern(120, 1), "user_defined")
      check_eq(get_u32(offer.bytes, 184), nic.id, "channel_id")
      check_eq(rg:messages("all_offers_delivered")[1].bytes, u32(4) .. u32(0),
               "bytes of ALL_OFFERS_DELIVERED")
    end,
  }
end

case "host.offer.end-of-the-list-follows-all" {
  level = "must", side = "host", requires = { "CORE-REQ-057" },
  doc = "ALL_OFFERS_DELIVERED comes once, behind every offer that was there at the start.",
  run = function(host, rg)
    for _ = 1, 30 do host:offer { interface = "scsi" } end
    check_eq(#rg:online {}, 30, "offers before the end of the list")
    rg:expect_silence()
    check_eq(rg:count("offer_channel"), 30, "offers in all")
    check_eq(rg:count("all_offers_delivered"), 1, "ends of the list")
  end,
}

case "host.offer.list-may-be-empty" {
  level = "must", side = "host", requires = { "CORE-REQ-057" },
  doc = "A host without devices says so by ALL_OFFERS_DELIVERED alone.",
  run = function(_, rg)
    check_eq(#rg:online {}, 0, "offers")
  end,
}

case "host.offer.order-of-the-list" {
  level = "should", side = "host", requires = { "CORE-REQ-057" },
  doc = "Initial offers come by interface, then by order with unset last, then by instance.",
  run = function(host, rg)
    local function offer(interface, n, order)
      return host:offer { interface = interface, order = order,
        instance = ("%08x-0000-0000-0000-000000000000"):format(n) }
    end
    local f = offer("network", 1)
    local e = offer("network", 9, 2)
    local d = offer("network", 8, 1)
    local c = offer("scsi", 3)
    local b = offer("scsi", 2)
    local a = offer("ide", 5)
    local seen = {}
    for i, m in ipairs(rg:online {}) do seen[i] = m.channel_id end
    check_eq(table.concat(seen, " "),
             table.concat({ a.id, b.id, c.id, d.id, e.id, f.id }, " "), "order of offers")
  end,
}

case "host.offer.list-is-sent-once" {
  level = "must", side = "host", requires = { "CORE-REQ-071" },
  doc = "A second REQUEST_OFFERS on one connection is dropped; on the next one it counts again.",
  run = function(host, rg)
    host:offer { interface = "network" }
    rg:online {}
    rg:say("request_offers")
    rg:expect_silence()
    check_eq(host:dropped("state"), 1, "messages dropped for the state")
    check_eq(#rg:online {}, 1, "offers on the next connection")
  end,
}

case "host.offer.nothing-before-it-is-asked-for" {
  level = "must", side = "host", requires = { "CORE-REQ-057", "CORE-REQ-068" },
  doc = "No offer is sent before REQUEST_OFFERS; a device that was removed by then is not offered.",
  run = function(host, rg)
    local gone = host:offer { interface = "network" }
    rg:contact {}
    local disk = host:offer { interface = "scsi" }
    gone:revoke()
    rg:expect_silence()
    rg:say("request_offers")
    rg:expect("offer_channel", { channel_id = disk })
    rg:expect("all_offers_delivered")
    check_eq(rg:count("offer_channel"), 1, "offers")
    check_eq(rg:count("rescind_channel_offer"), 0, "rescinds of what was never offered")
  end,
}

case "host.offer.hot-added-device" {
  level = "must", side = "host", requires = { "CORE-REQ-123", "CORE-REQ-056" },
  doc = "A device that comes later is offered at once, without an end of list.",
  run = function(host, rg)
    rg:online {}
    local nic = host:offer { interface = "network" }
    check_eq(rg:expect("offer_channel", { channel_id = nic }).size, 196, "size of the offer")
    rg:expect_silence()
    rg:open(nic)
  end,
}

case "host.offer.ids-are-unique-and-in-range" {
  level = "must", side = "host", requires = { "CORE-REQ-004" },
  doc = "Channel ids lie in 1 to 2047, and no two channels share one.",
  run = function(host, rg)
    host:offer { interface = "scsi", channel_id = 2047 }
    host:offer { interface = "scsi", channel_id = 3 }
    for _ = 1, 200 do host:offer { interface = "network" } end
    local seen, connections = {}, {}
    for _, m in ipairs(rg:online {}) do
      check_range(m.channel_id, 1, 2047, "channel_id")
      check(not seen[m.channel_id], "channel_id is offered twice: " .. m.channel_id)
      check(not connections[m.connection_id], "connection_id is given twice")
      seen[m.channel_id], connections[m.connection_id] = true, true
    end
    check(seen[2047] and seen[3] and seen[1] and seen[201], "the ids of 202 channels")
  end,
}

case "host.offer.flags-need-their-feature" {
  level = "must", side = "host", requires = { "CORE-REQ-079" },
  doc = "Confidential and pinning flags are cleared unless their feature was granted.",
  config = { host = { trusted = true } },
  run = function(host, rg)
    host:offer { interface = "network", flags = 0x201f }
    for _, t in ipairs { { 0x50003, 0, 0x2011 }, { 0x60000, 0, 0x2011 },
                         { 0x60000, 0x10, 0x2017 }, { 0x60000, 0x80, 0x2019 },
                         { 0x60000, 0x90, 0x201f }, { 0x40000, 0, 0x2011 } } do
      local offers = rg:online { version = t[1], features = t[2] }
      check_eq(offers[1].flags, t[3], ("flags at 0x%x with 0x%x"):format(t[1], t[2]))
    end
  end,
}

case "host.offer.no-monitor-without-pages" {
  level = "must", side = "host", requires = { "CORE-REQ-080" },
  doc = "A monitored device is offered without a monitor id when there are no monitor pages.",
  run = function(host, rg)
    host:offer { interface = "network", monitored = true }
    local m = rg:online {}[1]
    check_eq(m.monitor_id, 0xff, "monitor_id")
    check_eq(m.monitor_allocated, 0, "monitor_allocated")
    local a, b = rg:alloc(1):gpa(), rg:alloc(1):gpa()
    m = rg:online { fields = { parent_to_child_monitor_page_gpa = a,
                               child_to_parent_monitor_page_gpa = b } }[1]
    check_eq(m.monitor_allocated, 1, "monitor_allocated with pages")
    check_range(m.monitor_id, 0, 127, "monitor_id with pages")
    m = rg:online {}[1]
    check_eq(m.monitor_allocated, 0, "monitor_allocated without pages again")
  end,
}

case "host.offer.monitor-ids-run-out" {
  level = "must", side = "host", requires = { "CORE-REQ-080", "CORE-SEC-55" },
  doc = "128 channels are monitored, each by an id of its own; more are offered without one.",
  run = function(host, rg)
    local a, b = rg:alloc(1):gpa(), rg:alloc(1):gpa()
    for _ = 1, 131 do host:offer { interface = "network", monitored = true } end
    local ids, n = {}, 0
    for _, m in ipairs(rg:online { fields = { parent_to_child_monitor_page_gpa = a,
                                              child_to_parent_monitor_page_gpa = b } }) do
      if m.monitor_allocated == 1 then
        check_range(m.monitor_id, 0, 127, "monitor_id")
        check(not ids[m.monitor_id], "a monitor id is given twice")
        ids[m.monitor_id], n = true, n + 1
      else
        check_eq(m.monitor_id, 0xff, "monitor_id of a channel without one")
      end
    end
    check_eq(n, 128, "channels with a monitor id")
  end,
}

case "host.offer.sub-channels-after-the-list" {
  level = "must", side = "host", requires = { "CORE-REQ-120", "CORE-REQ-057" },
  doc = "Sub-channels have the GUIDs of their primary and an index, and come after the list.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    host:offer { primary = nic, subchannel_index = 1 }
    host:offer { primary = nic, subchannel_index = 2 }
    rg:contact { version = 0x20004 }
    rg:say("request_offers")
    rg:expect("offer_channel", { subchannel_index = 0 })
    rg:expect("all_offers_delivered")
    for i = 1, 2 do
      local m = rg:expect("offer_channel", { subchannel_index = i })
      check_eq(m.bytes:sub(9, 40), rg:messages("offer_channel")[1].bytes:sub(9, 40),
               "interface and instance")
      check_ne(m.channel_id, nic.id, "channel_id")
    end
  end,
}

case "host.offer.no-sub-channels-below-2.4" {
  level = "must", side = "host", requires = { "CORE-REQ-120" },
  doc = "A guest of before 2.4 is offered no sub-channels.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    host:offer { primary = nic, subchannel_index = 1 }
    for _, v in ipairs { 0x0000d, 0x10001 } do
      check_eq(#rg:online { version = v }, 1, "offers")
      host:offer { primary = nic, subchannel_index = v }
      rg:expect_none("offer_channel")
    end
  end,
}

-- Rescind -----------------------------------------------------------------------------------

case "host.rescind.once-and-the-id-is-kept" {
  level = "must", side = "host", requires = { "CORE-REQ-088" },
  doc = "A removed channel gives one RESCIND, and its id is used again after REL_ID_RELEASED only.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local id = nic.id
    nic:revoke()
    check_eq(rg:expect("rescind_channel_offer").bytes, u32(2) .. u32(0) .. u32(id),
             "bytes of RESCIND_CHANNEL_OFFER")
    nic:revoke()
    rg:expect_silence()
    for _ = 1, 5 do
      host:offer { interface = "scsi" }
      check_ne(rg:expect("offer_channel").channel_id, id, "id of another offer")
    end
    rg:say("rel_id_released", { channel_id = id })
    rg:expect_silence()
    host:offer { interface = "keyboard" }
    check_eq(rg:expect("offer_channel").channel_id, id, "id after it was released")
  end,
}

case "host.rescind.nothing-of-the-channel-is-touched-afterwards" {
  level = "must", side = "host", requires = { "CORE-REQ-088", "CORE-SEC-30" },
  doc = "Once RESCIND is sent the host neither reads nor writes rings, and signals no more.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local ring = rg:open(nic)
    local connection = ring.connection
    nic:revoke()
    rg:expect("rescind_channel_offer")
    check_eq(nic:info().ring, false, "the device's rings")
    check(free(host, ring.memory:gpa()), "the rings are free")
    check_eq(rg:signal(connection), 0x12, "signal to its connection")
    local flags = rg:flags(nic.id)
    check_eq(nic:interrupt(), false, "interrupt")
    host:settle()
    check_eq(rg:flags(nic.id), flags, "event flags after the RESCIND")
    ring.memory:free()
    host:run_for("10ms")
    check_eq(#host:violations(), 0, "touches of freed pages")
  end,
}

case "host.rescind.sub-channels-before-the-primary" {
  level = "must", side = "host", requires = { "CORE-REQ-088" }, bugs = { "BUG-049" },
  doc = "When a device goes all its sub-channels are rescinded before the primary.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    local other = host:offer { interface = "network" }
    for i = 1, 4 do host:offer { primary = nic, subchannel_index = i } end
    host:offer { primary = other, subchannel_index = 1 }
    rg:online {}
    host:settle()
    rg:open(nic)
    local from = rg.cursor
    nic:revoke()
    host:settle()
    local rescinds = rg:messages("rescind_channel_offer", nil, from)
    check_eq(#rescinds, 5, "rescinds")
    check_eq(rescinds[5].channel_id, nic.id, "the last one")
  end,
}

case "host.rescind.answers-come-before-it" {
  level = "must", side = "host", requires = { "CORE-REQ-088", "CORE-SEC-30" },
  doc = "What a guest waits for about GPADLs is answered before the RESCIND; an open is not.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local ring = rg:rings()
    rg:share(nic, ring.memory, 11)
    rg:share(nic, rg:alloc(1), 12)
    nic:answer("gpadl", { hold = true })
    nic:answer("teardown", { hold = true })
    nic:answer("open", { hold = true })
    rg:gpadl(nic, 13, rg:alloc(1))
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 12 })
    rg:say("open_channel", { channel_id = nic.id, open_id = 5, ring_buffer_gpadl_id = 11,
                             downstream_ring_buffer_page_offset = ring.downstream })
    rg:expect_silence()
    local from = rg.cursor
    nic:revoke()
    rg:expect("rescind_channel_offer", { channel_id = nic })
    rg:expect_silence()
    check_eq(#rg:messages("gpadl_created", { gpadl_id = 13,
      status = function(s) return s ~= 0 end }, from), 1, "answers to the pending GPADL")
    check_eq(#rg:messages("gpadl_torndown", { gpadl_id = 12 }, from), 1, "answers to the teardown")
    check_eq(#rg:messages("open_channel_result", nil, from), 0, "answers to the open")
    rg.cursor = from
    rg:expect("gpadl_created")
    rg.cursor = from
    rg:expect("gpadl_torndown")
    rg:expect("rescind_channel_offer")
  end,
}

case "host.rescind.late-answers-of-the-device-are-not-sent" {
  level = "must", side = "host", requires = { "CORE-REQ-088", "CORE-REQ-085" },
  doc = "A device that answers after its channel was rescinded says nothing to the guest.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local ring = rg:rings()
    rg:share(nic, ring.memory, 11)
    nic:answer("open", { hold = true })
    rg:say("open_channel", { channel_id = nic.id, open_id = 5, ring_buffer_gpadl_id = 11,
                             downstream_ring_buffer_page_offset = ring.downstream })
    host:settle()
    nic:revoke()
    rg:expect("rescind_channel_offer")
    nic:finish("open")
    rg:expect_silence()
    check_eq(nic:state(), "revoked", "the channel")
    check_eq(nic:info().ring, false, "the device's rings")
  end,
}

case "host.rescind.second-removal-leaves-the-new-offer" {
  level = "must", side = "host", requires = { "CORE-REQ-088" }, bugs = { "BUG-050" },
  doc = "A late removal of an old offer does not take the new offer of the same device.",
  run = function(host, rg)
    local old = host:offer { interface = "network",
                             instance = "10000001-c0de-4d00-8000-000000000001" }
    rg:online {}
    old:revoke()
    rg:expect("rescind_channel_offer", { channel_id = old })
    local new = host:offer { interface = "network",
                             instance = "10000001-c0de-4d00-8000-000000000001" }
    rg:expect("offer_channel", { channel_id = new })
    old:revoke()
    rg:expect_silence()
    rg:say("rel_id_released", { channel_id = old.id })
    rg:expect_silence()
    rg:open(new)
    check_eq(new:state(), "open", "the new channel")
  end,
}

case "host.rescind.device-that-comes-back" {
  level = "must", side = "host", requires = { "CORE-REQ-088" },
  doc = "A device that is back before the id was released is offered under it after the release.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local ring = rg:open(nic)
    local id = nic.id
    nic:revoke()
    rg:expect("rescind_channel_offer")
    check(nic:reoffer(), "the device comes back")
    rg:expect_silence()
    rg:say("rel_id_released", { channel_id = id })
    rg:expect("offer_channel", { channel_id = id })
    check_eq(nic:info().gpadls, 0, "GPADLs left of the old offer")
    check(free(host, ring.memory:gpa()), "the old rings are free")
    rg:open(nic)
  end,
}

case "host.rescind.comes-back-and-goes-again" {
  level = "must", side = "host", requires = { "CORE-REQ-088" },
  doc = "A device that came back and went again gives no second RESCIND for one offer.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local id = nic.id
    nic:revoke()
    rg:expect("rescind_channel_offer")
    nic:reoffer()
    nic:revoke()
    rg:expect_silence()
    rg:say("rel_id_released", { channel_id = id })
    rg:expect_silence()
    host:offer { interface = "scsi" }
    check_eq(rg:expect("offer_channel").channel_id, id, "id of the next offer")
  end,
}

-- REL_ID_RELEASED ---------------------------------------------------------------------------

case "host.release.dropped-while-open-or-opening" {
  level = "must", side = "host", requires = { "CORE-REQ-090", "CORE-SEC-56" },
  doc = "REL_ID_RELEASED for a channel that is open or opening is dropped and changes nothing.",
  run = function(host, rg)
    local nic, disk = host:offer { interface = "network" }, host:offer { interface = "scsi" }
    rg:online {}
    local ring = rg:open(nic)
    rg:say("rel_id_released", { channel_id = nic.id })
    rg:expect_silence()
    check_eq(nic:state(), "open", "the open channel")
    ring:send { payload = "alive" }
    nic:expect_packet { payload = "alive" }
    disk:answer("open", { hold = true })
    local rings = rg:rings()
    rg:share(disk, rings.memory, 77)
    rg:say("open_channel", { channel_id = disk.id, ring_buffer_gpadl_id = 77,
                             downstream_ring_buffer_page_offset = rings.downstream })
    rg:say("rel_id_released", { channel_id = disk.id })
    rg:expect_silence()
    check_eq(disk:state(), "opening", "the channel that opens")
    check_eq(host:dropped("channel"), 2, "messages dropped for the channel")
    disk:finish("open")
    rg:expect("open_channel_result", { channel_id = disk, status = 0 })
  end,
}

case "host.release.of-a-closed-channel" {
  level = "must", side = "host", requires = { "CORE-SEC-56" },
  doc = "A guest may release an offer that it never opened; then it knows the channel no more.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    rg:say("rel_id_released", { channel_id = nic.id })
    host:settle()
    check_eq(nic:state(), "released", "the channel")
    rg:say("rel_id_released", { channel_id = nic.id })
    rg:say("close_channel", { channel_id = nic.id })
    rg:expect_silence()
    check_eq(host:dropped("channel"), 2, "messages dropped for the channel")
    rg:gpadl(nic, 5, rg:alloc(1))
    rg:expect("gpadl_created", { gpadl_id = 5, status = function(s) return s ~= 0 end })
  end,
}

case "host.release.unknown-ids-are-dropped" {
  level = "must", side = "host", requires = { "CORE-SEC-56" },
  doc = "REL_ID_RELEASED for ids that name no channel is dropped.",
  run = function(host, rg)
    host:offer { interface = "network" }
    rg:online {}
    for _, id in ipairs { 0, 2, 2047, 2048, 0x10001, 0x7fffffff, 0xffffffff } do
      rg:say("rel_id_released", { channel_id = id })
    end
    rg:expect_silence()
    check_eq(host:dropped("channel"), 7, "messages dropped for the channel")
  end,
}

case "host.release.gpadls-go-without-a-word" {
  level = "must", side = "host", requires = { "CORE-REQ-091" }, bugs = { "BUG-094" },
  doc = "REL_ID_RELEASED forgets all GPADLs of the channel, half-sent ones too, and says nothing.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local whole, half = rg:alloc(2), rg:alloc(40)
    rg:share(nic, whole, 5)
    rg:gpadl(nic, 6, half, { skip_bodies = true })
    host:settle()
    rg:mark()
    rg:say("rel_id_released", { channel_id = nic.id })
    rg:expect_silence()
    check_eq(nic:info().gpadls, 0, "GPADLs left")
    check(free(host, whole:gpa()), "its pages are free")
    rg:say("gpadl_body", { gpadl_id = 6, ranges = zeros(112) })
    rg:expect_silence()
    local disk = host:offer { interface = "scsi" }
    rg:expect("offer_channel", { channel_id = disk })
    rg:share(disk, half, 6)
    rg:share(disk, whole, 5)
  end,
}

case "host.release.while-closing" {
  level = "should", side = "host", requires = { "CORE-SEC-56", "CORE-REQ-091" },
  doc = "A channel that is released while it closes is forgotten when the device has closed.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local ring = rg:open(nic)
    nic:answer("close", { hold = true })
    rg:say("close_channel", { channel_id = nic.id })
    rg:say("rel_id_released", { channel_id = nic.id })
    rg:expect_silence()
    check_eq(nic:state(), "closing-release", "the channel")
    nic:finish("close")
    rg:expect_silence()
    check_eq(nic:state(), "released", "the channel in the end")
    check_eq(nic:info().gpadls, 0, "GPADLs left")
    check(free(host, ring.memory:gpa()), "the rings are free")
  end,
}
