-- SPDX-License-Identifier: BSD-2-Clause
-- What a guest makes of offers, good and bad: chapter 10 sections 4.3, 6.4 and 6.6.

local function offer_fields(channel_id, more)
  local t = {
    interface_id = interface "network",
    instance_id = guid(("%08x-c0de-4d00-8000-0000000000aa"):format(0x20000000 ~ channel_id & 0xffffffff)),
    channel_id = channel_id, monitor_id = 0xff, has_dedicated_connection = true,
    is_dedicated = 1, connection_id = 0x9000 + channel_id,
  }
  for k, v in pairs(more or {}) do t[k] = v end
  return t
end

-- After something odd the guest must still take a device and open it.
local function still_works(host, guest)
  local nic = host:offer { interface = "network" }
  guest:expect_event("offer", { channel = nic })
  guest:opened(nic)
end

case "offer.many-devices" {
  level = "must", requires = { "CORE-REQ-057", "CORE-REQ-004" },
  doc = "Each of 20 devices is reported once, before the end of the list.",
  run = function(host, guest)
    local all = {}
    for i = 1, 20 do all[i] = host:offer { interface = i % 2 == 0 and "scsi" or "network" } end
    guest:online()
    for _, ch in ipairs(all) do
      check_eq(guest:count_events("offer", { channel = ch }), 1, "reports of channel " .. ch.id)
    end
    check_eq(guest:count_events("offer"), 20, "offers reported")
  end,
}

case "offer.hot-add" {
  level = "must", requires = { "CORE-REQ-123" }, bugs = { "BUG-071" },
  doc = "A device offered after ALL_OFFERS_DELIVERED is reported and can be opened.",
  run = function(host, guest)
    guest:online()
    still_works(host, guest)
  end,
}

case "offer.hot-add-during-open" {
  level = "must", requires = { "CORE-REQ-123" }, bugs = { "BUG-071", "BUG-091" },
  doc = "An offer that comes while an answer is awaited is not lost and does not end the wait.",
  run = function(host, guest)
    local first = host:offer { interface = "network" }
    guest:online()
    first:answer("open", { hold = true })
    guest:open(first)
    first:expect("open_channel")
    local second = host:offer { interface = "scsi" }
    guest:expect_event("offer", { channel = second })
    guest:expect_no_event("opened", "10ms")
    first:finish("open", 0)
    guest:expect_event("opened", { channel = first, status = 0 })
    guest:opened(second)
  end,
}

case "offer.id.zero-is-dropped" {
  level = "must", requires = { "CORE-SEC-07" },
  doc = "An offer with channel_id 0 is dropped.",
  run = function(host, guest)
    guest:online()
    host:send("offer_channel", offer_fields(0))
    guest:expect_no_event("offer", "10ms")
    still_works(host, guest)
  end,
}

case "offer.id.above-2047-is-dropped" {
  level = "must", requires = { "CORE-SEC-07" },
  doc = "Offers with channel ids of 2048 and more are dropped before any table is touched.",
  run = function(host, guest)
    guest:online()
    for _, id in ipairs { 2048, 2049, 4096, 65535, 0x10001, 0x7fffffff, 0x80000001, 0xffffffff } do
      host:send("offer_channel", offer_fields(id))
    end
    guest:expect_no_event("offer", "10ms")
    still_works(host, guest)
  end,
}

case "offer.id.2047-is-taken" {
  level = "must", requires = { "CORE-REQ-004" },
  doc = "The largest channel id is as good as any other.",
  run = function(host, guest)
    local nic = host:offer { interface = "network", channel_id = 2047 }
    guest:online()
    check_eq(guest:count_events("offer", { channel = 2047 }), 1, "offers reported")
    guest:opened(nic)
    nic:send_packet { payload = "to the last flag" }
    guest:expect_event("packet", { channel = nic, data = "to the last flag" })
  end,
}

case "offer.id.in-use-is-dropped" {
  level = "must", requires = { "CORE-SEC-08" }, bugs = { "BUG-053" },
  doc = "An offer of another device under the id of a live channel leaves that channel alone.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    host:send("offer_channel", offer_fields(nic.id, { interface_id = interface "scsi",
                                                      connection_id = 0xdead }))
    guest:expect_no_event("offer", "10ms")
    guest:send(nic, "still the same", { completion = true, id = 1 })
    nic:expect_packet { payload = "still the same" }
    check(nic:signals() >= 1, "the signal went to the connection of the first offer")
  end,
}

case "offer.same-device-twice-is-dropped" {
  level = "must", requires = { "CORE-SEC-08" },
  doc = "The same primary device under a second id is not reported as another device.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:send("offer_channel", offer_fields(700, { instance_id = nic.instance_id }))
    guest:expect_no_event("offer", "10ms")
    guest:opened(nic)
  end,
}

case "offer.every-truncation" {
  level = "must", requires = { "CORE-SEC-04" },
  doc = "An offer cut short of its fields is dropped; no byte beyond its end is used.",
  run = function(host, guest)
    guest:online()
    for n = 0, 189 do
      host:send("offer_channel", offer_fields(300), { truncate = n })
    end
    guest:expect_no_event("offer", "10ms")
    still_works(host, guest)
  end,
}

case "offer.surplus-bytes" {
  level = "must", requires = { "CORE-REQ-122" },
  doc = "An offer rounded up to a multiple of 8, as one host sends it, is taken.",
  run = function(host, guest)
    host:fault_message { direction = "h2g", message = "offer_channel", action = "resize",
                         value = 200 }
    local nic = host:offer { interface = "network" }
    guest:online()
    check_eq(guest:count_events("offer", { channel = nic }), 1, "offers reported")
    guest:opened(nic)
  end,
}

case "offer.reserved-bytes-ignored" {
  level = "must", requires = { "CORE-REQ-121" },
  doc = "Data that old hosts leave in bytes 40 to 55 do no harm.",
  run = function(host, guest)
    host:fault_message { direction = "h2g", message = "offer_channel", action = "corrupt",
                         offset = 47, value = 0xa5 }
    local nic = host:offer { interface = "network" }
    guest:online()
    check_eq(guest:count_events("offer", { channel = nic }), 1, "offers reported")
    guest:opened(nic)
  end,
}

case "offer.unknown-flags-ignored" {
  level = "must", requires = { "CORE-REQ-122" },
  doc = "Unknown bits in the flags of an offer do no harm.",
  run = function(host, guest)
    guest:online()
    local nic = host:offer { interface = "network", flags = 0xd8e0 }
    guest:expect_event("offer", { channel = nic })
    guest:opened(nic)
  end,
}

case "offer.unknown-class-is-no-error" {
  level = "must", requires = { "CORE-REQ-123" },
  doc = "A device of a class that nobody knows does not disturb the others.",
  run = function(host, guest)
    host:offer { interface = "12345678-9abc-4def-8123-456789abcdef" }
    guest:online()
    still_works(host, guest)
  end,
}

case "offer.monitor-id-out-of-range" {
  level = "must", requires = { "CORE-SEC-55", "CORE-REQ-022" }, bugs = { "BUG-034" },
  doc = "A monitor id above 127 means not monitored: signals go by hypercall.",
  run = function(host, guest)
    -- Without monitor pages the host writes id 255; now it says that it is valid.
    local nic = host:offer { interface = "network" }
    host:fault_message { direction = "h2g", message = "offer_channel", action = "corrupt",
                         offset = 189, value = 1 }
    guest:online()
    guest:opened(nic)
    guest:send(nic, "by hypercall")
    nic:expect_packet { payload = "by hypercall" }
    check_eq(nic:signals(), 1, "signals by hypercall")
  end,
}

case "offer.connection-id-is-opaque" {
  level = "must", requires = { "CORE-REQ-011", "CORE-REQ-013" },
  doc = "Signals go to the connection id of the offer, not to one computed from the channel id.",
  run = function(host, guest)
    local nic = host:offer { interface = "network", connection_id = 0x00c0ffee }
    guest:online()
    guest:opened(nic)
    guest:send(nic, "opaque")
    nic:expect_packet { payload = "opaque" }
    check_eq(nic:signals(), 1, "signals on the offered connection")
  end,
}

case "offer.confidential-flags-without-feature" {
  level = "must", requires = { "CORE-SEC-36" },
  doc = "Confidential flags that no granted feature stands behind make an offer refused.",
  run = function(host, guest)
    guest:online()
    host:send("offer_channel", offer_fields(301, { flags = 0x0006 }))
    host:send("offer_channel", offer_fields(302, { flags = 0x0004 }))
    guest:expect_no_event("offer", "10ms")
    still_works(host, guest)
  end,
}

case "offer.isolated.class-not-allowed" {
  level = "must", requires = { "CORE-SEC-34" },
  doc = "In an isolation VM a guest takes no device of a class outside its allow-list.",
  config = { isolation = 1 },
  run = function(host, guest)
    host:offer { interface = "kvp" }
    local nic = host:offer { interface = "network" }
    guest:online()
    check_eq(guest:count_events("offer"), 1, "offers taken")
    check_eq(guest:events("offer")[1].channel, nic.id, "the one that is allowed")
  end,
}

case "offer.sub-channel.with-its-primary" {
  level = "must", requires = { "CORE-REQ-119" },
  doc = "A sub-channel is an offer of its own with its index, and opens beside its primary.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    local sub = host:offer { primary = nic, subchannel_index = 1 }
    local e = guest:expect_event("offer", { channel = sub })
    check_eq(e.value, 1, "subchannel index")
    check_eq(e.guid2, nic.instance_id, "instance_id")
    guest:opened(sub)
    sub:send_packet { payload = "on the sub-channel" }
    guest:expect_event("packet", { channel = sub, data = "on the sub-channel" })
  end,
}

case "offer.sub-channel.without-primary" {
  level = "must", requires = { "CORE-REQ-119", "CORE-SEC-40" },
  doc = "A sub-channel of a device that was never offered is dropped.",
  run = function(host, guest)
    guest:online()
    host:send("offer_channel", offer_fields(303, { subchannel_index = 1 }))
    guest:expect_no_event("offer", "10ms")
    still_works(host, guest)
  end,
}

case "offer.sub-channel.index-taken" {
  level = "should", requires = { "CORE-REQ-120" },
  doc = "Several sub-channels with different indices belong to one primary.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    for i = 1, 4 do
      local sub = host:offer { primary = nic, subchannel_index = i }
      guest:expect_event("offer", { channel = sub, value = i })
      guest:opened(sub)
    end
  end,
}

case "offer.storm-is-bounded" {
  level = "must", requires = { "CORE-SEC-53" },
  doc = "A storm of offers of all ids neither crashes a guest nor takes its open channel away.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    for id = 2, 2047 do host:send("offer_channel", offer_fields(id)) end
    host:settle("60s")
    guest:send(nic, "alive", { completion = true, id = 1 })
    nic:expect_packet { payload = "alive" }:complete("yes")
    guest:expect_event("completion", { channel = nic, id = 1, data = "yes" })
  end,
}

case "offer.wrong-direction-messages-dropped" {
  level = "must", requires = { "CORE-REQ-125", "CORE-SEC-05", "CORE-SEC-06" },
  doc = "Message types of the other direction, type 0 and unknown types are dropped.",
  run = function(host, guest)
    guest:online()
    for _, id in ipairs { 0, 3, 5, 7, 8, 9, 11, 13, 14, 16, 18, 19, 21, 22, 25, 27, 29, 30, 31, 255,
                          256, 0x7fffffff, 0xffffffff } do
      host:send_raw(u32(id) .. zeros(232))
      host:send_raw(u32(id) .. zeros(4))
    end
    host:run_for("10ms")
    check_eq(guest:count_events("offer"), 0, "offers made of other messages")
    still_works(host, guest)
  end,
}
