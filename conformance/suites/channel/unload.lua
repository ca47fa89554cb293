-- SPDX-License-Identifier: BSD-2-Clause
-- The end of a connection: chapter 10 sections 6.1, 6.7 and 6.10.

case "unload.orderly" {
  level = "must", requires = { "CORE-REQ-074" },
  doc = "A guest that unloads sends UNLOAD once and is disconnected when it is answered.",
  run = function(host, guest)
    host:offer { interface = "network" }
    guest:online()
    host:hold("unload_complete")
    guest:unload()
    host:expect("unload")
    guest:expect_no_event("disconnected", "1s")
    host:auto("unload_complete")
    host:release("unload_complete")
    guest:expect_event("disconnected", { status = 0 })
    check_eq(host:count("unload"), 1, "UNLOAD sent")
  end,
}

case "unload.with-open-channels" {
  level = "must", requires = { "CORE-REQ-074", "CORE-SEC-31" },
  doc = "A guest can unload with channels open: the host lets go of them, nothing leaks.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    local disk = host:offer { interface = "scsi" }
    guest:online()
    guest:opened(nic)
    guest:opened(disk)
    guest:unload()
    guest:expect_event("disconnected", { status = 0 }, "200s")
  end,
}

case "unload.waits-as-long-as-a-disk-flush" {
  level = "must", requires = { "CORE-REQ-074" }, bugs = { "BUG-074" },
  doc = "UNLOAD_COMPLETE that takes 90 s is waited for.",
  run = function(host, guest)
    host:offer { interface = "network" }
    guest:online()
    host:fault_message { direction = "h2g", message = "unload_complete", action = "delay",
                         delay = "90s" }
    guest:unload()
    guest:expect_no_event("disconnected", "80s")
    guest:expect_event("disconnected", { status = 0 }, "20s")
  end,
}

case "unload.wait-is-bounded" {
  level = "must", requires = { "CORE-REQ-075" }, bugs = { "BUG-073" },
  doc = "A guest whose UNLOAD is never answered gives up some time after 100 s.",
  run = function(host, guest)
    host:offer { interface = "network" }
    guest:online()
    host:ignore("unload")
    guest:unload()
    host:expect("unload")
    guest:expect_no_event("disconnected", "95s")
    guest:expect_event("disconnected", { status = function(v) return v ~= 0 end }, "400s")
  end,
}

case "unload.offers-during-the-wait" {
  level = "must", requires = { "CORE-SEC-13" }, bugs = { "BUG-071" },
  doc = "Offers and rescinds that come while UNLOAD is unanswered neither end nor break the wait.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:hold("unload_complete")
    guest:unload()
    host:expect("unload")
    host:send("offer_channel", { interface_id = interface "scsi",
      instance_id = guid "30000000-c0de-4d00-8000-000000000001", channel_id = 40,
      monitor_id = 0xff, has_dedicated_connection = true, is_dedicated = 1, connection_id = 77 })
    host:send("rescind_channel_offer", { channel_id = nic.id })
    host:send("all_offers_delivered")
    guest:expect_no_event("disconnected", "1s")
    host:auto("unload_complete")
    host:release("unload_complete")
    guest:expect_event("disconnected", { status = 0 })
  end,
}

case "unload.unasked-for-complete" {
  level = "must", requires = { "CORE-SEC-13" },
  doc = "UNLOAD_COMPLETE that nobody asked for does not end a connection.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:send("unload_complete")
    guest:expect_no_event("disconnected", "10ms")
    guest:opened(nic)
  end,
}

case "unload.reconnect" {
  level = "must", requires = { "CORE-REQ-069", "CORE-REQ-124" }, bugs = { "BUG-070" },
  doc = "After an unload a guest can connect again and use the same devices.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    for i = 1, 3 do
      guest:mark()
      guest:online()
      guest:opened(nic)
      guest:send(nic, "connection " .. i)
      nic:expect_packet { payload = "connection " .. i }
      guest:closed(nic)
      guest:unload()
      guest:expect_event("disconnected", { status = 0 }, "200s")
    end
  end,
}

case "unload.crash.polls" {
  level = "must", requires = { "CORE-REQ-075" }, bugs = { "BUG-073" },
  doc = "A guest that crashes gets UNLOAD out and sees the answer without interrupts.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    guest:crash_unload()
    host:expect("unload", {}, "200s")
    guest:expect_event("disconnected", { status = 0 }, "200s")
  end,
}

case "channel.modify.moves-events" {
  level = "must", requires = { "CORE-REQ-109" },
  doc = "After MODIFY_CHANNEL events of a channel are handled on the new processor.",
  config = { vps = 2 },
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online { version = function(v) return v >= 0x40001 end }
    guest:opened(nic, { target_vp = 0 })
    guest:modify(nic, 1)
    nic:expect("modify_channel", { target_vp = 1 })
    guest:expect_event("modified", { channel = nic, status = 0 })
    local before = host:synic(0).events
    nic:send_packet { payload = "moved" }
    guest:expect_event("packet", { channel = nic, data = "moved" })
    check_eq(host:synic(0).events, before, "events on the old processor")
  end,
}

case "channel.modify.refused" {
  level = "must", requires = { "CORE-REQ-108" },
  doc = "A refused MODIFY_CHANNEL is reported, and events go on where they went.",
  config = { vps = 2 },
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online { version = function(v) return v >= 0x50003 end }
    guest:opened(nic, { target_vp = 0 })
    nic:answer("modify", { status = 0x8000ffff })
    guest:modify(nic, 1)
    guest:expect_event("modified", { channel = nic, status = function(v) return v ~= 0 end })
    nic:send_packet { payload = "stayed" }
    guest:expect_event("packet", { channel = nic, data = "stayed" })
  end,
}

case "channel.modify.no-answer-below-5.3" {
  level = "must", requires = { "CORE-REQ-110" },
  doc = "Below 5.3 MODIFY_CHANNEL has no answer, and a guest does not wait for one.",
  config = { vps = 2, max_version = 0x50002 },
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online { version = function(v) return v <= 0x50002 end }
    guest:opened(nic, { target_vp = 0 })
    guest:modify(nic, 1)
    nic:expect("modify_channel", { target_vp = 1 })
    nic:send_packet { payload = "on either" }
    guest:expect_event("packet", { channel = nic, data = "on either" })
  end,
}

case "channel.modify.unasked-for-response" {
  level = "must", requires = { "CORE-SEC-13" },
  doc = "MODIFY_CHANNEL_RESPONSE that nobody asked for is ignored.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    host:send("modify_channel_response", { channel_id = nic.id, status = 0 },
              { version = 0x60000 })
    guest:expect_no_event("modified", "10ms")
    guest:send(nic, "unmoved")
    nic:expect_packet { payload = "unmoved" }
  end,
}

case "channel.tl.request" {
  level = "must", requires = { "CORE-REQ-117" },
  doc = "A connect request names endpoint and service; the offer that follows can be opened.",
  config = { host = { tl_accept = true } },
  run = function(host, guest)
    guest:online()
    local endpoint = "40000000-c0de-4d00-8000-000000000001"
    local service = "00000400-facb-11e6-bd58-64006a7986d3"
    guest:tl_connect(endpoint, service)
    local m = host:expect("tl_connect_request")
    check_eq(m.endpoint_id, endpoint, "endpoint_id")
    check_eq(m.service_id, service, "service_id")
    local e = guest:expect_event("offer", { guid1 = service, guid2 = endpoint })
    guest:opened(e.channel)
  end,
}

case "channel.tl.refused" {
  level = "must", requires = { "CORE-REQ-116" },
  doc = "A refused connect request is reported as such.",
  run = function(host, guest)
    guest:online()
    guest:tl_connect("40000000-c0de-4d00-8000-000000000002",
                     "00000401-facb-11e6-bd58-64006a7986d3")
    host:expect("tl_connect_request")
    guest:expect_event("tl_result", { status = function(v) return v ~= 0 end })
  end,
}
