-- SPDX-License-Identifier: BSD-2-Clause
-- The life of one channel, a step a case: contact, offer, GPADL, open, packets.

case "core.contact.first-version-accepted" {
  level = "must", requires = { "CORE-REQ-062", "CORE-REQ-068" },
  doc = "Accepted at 5.0 or later, a guest sends what follows on the connection it was given.",
  run = function(host, guest)
    host:offer { interface = "network" }
    guest:connect()
    local contact = host:expect("initiate_contact", {
      version_requested = function(v) return v >= 0x50000 end,
      target_sint = 2,
    })
    check_eq(contact.connection, 4, "connection of INITIATE_CONTACT")
    guest:expect_event("connected", { version = contact.version_requested })
    local request = host:expect("request_offers")
    check_eq(request.connection, host:info().connection_id, "connection of REQUEST_OFFERS")
  end,
}

case "core.offer.reported-once" {
  level = "must", requires = { "CORE-REQ-001", "CORE-REQ-121" },
  doc = "An offer reaches the driver's owner once, with interface and instance as sent.",
  run = function(host, guest)
    local disk = host:offer { interface = "scsi",
      instance = "f8b3781a-1e82-4818-a1c3-63d806ec15bb" }
    guest:online()
    local offers = guest:events("offer", { channel = disk })
    check_eq(#offers, 1, "offers reported")
    check_eq(offers[1].guid1, interface "scsi", "interface_id")
    check_eq(offers[1].guid2, guid "f8b3781a-1e82-4818-a1c3-63d806ec15bb", "instance_id")
  end,
}

case "core.gpadl.ring-before-open" {
  level = "must", requires = { "CORE-REQ-103", "CORE-REQ-106" },
  doc = "A ring is shared as one aligned range, whole and zero, and only then opened.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:open(nic, { tx_pages = 3, rx_pages = 2 })
    local header = nic:expect("gpadl_header", { range_count = 1, range_buf_len = 8 + 7 * 8 })
    local open = nic:expect("open_channel", { downstream_ring_buffer_page_offset = 4 })
    check_eq(open.ring_buffer_gpadl_id, header.gpadl_id, "GPADL of the ring")
    check_ne(header.gpadl_id, 0, "gpadl_id")
    local shared = nic:gpadl(header.gpadl_id).ranges[1]
    check_eq(shared.byte_offset, 0, "offset of the range")
    check_eq(shared.byte_count, 7 * 4096, "bytes of the range")
    guest:expect_event("opened", { channel = nic, status = 0 })
  end,
}

case "core.open.refused" {
  level = "must", requires = { "CORE-REQ-107" },
  doc = "A guest whose open is refused tears the ring GPADL down and reports the failure.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    nic:answer("open", { status = 0x8000ffff })
    guest:open(nic)
    local header = nic:expect("gpadl_header")
    nic:expect("open_channel")
    nic:expect("gpadl_teardown", { gpadl_id = header.gpadl_id })
    guest:expect_event("opened", { channel = nic, status = function(s) return s ~= 0 end })
  end,
}

case "core.packet.each-way" {
  level = "must", requires = { "CORE-REQ-028", "CORE-REQ-029", "CORE-REQ-030", "CORE-REQ-038" },
  doc = "Packets of all small sizes cross in both directions, padded with zeros.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    for size = 1, 40 do
      guest:send(nic, pattern(size, size), { completion = true, id = size })
      local k = nic:expect_packet { type = "inband", flags = 1, payload = pattern(size, size) }
      check_eq(#k.payload, (size + 7) // 8 * 8, "padded size")
      k:complete(u64(size))
      guest:expect_event("completion", { channel = nic, id = size, status = 0, data = u64(size) })
      nic:send_packet { payload = pattern(size, 100 + size) }
      guest:expect_event("packet", { channel = nic, type = "inband",
                                     data = pattern(size, 100 + size) })
    end
  end,
}

case "core.host.version-response" {
  level = "must", side = "host", requires = { "CORE-REQ-061", "CORE-REQ-072" },
  doc = "The mock host names the connection for later messages and drops what comes before.",
  run = function(host, rg)
    rg:say("request_offers", {}, { connection = 4 })
    rg:expect_silence()
    check_eq(host:dropped("state"), 1, "messages dropped for the state")
    local m = rg:contact { version = 0x50003 }
    check_eq(m.version_supported, 1, "version_supported")
    check_eq(m.size, 16, "size of VERSION_RESPONSE")
    check_eq(rg.connection, host:info().connection_id, "connection id")
  end,
}

case "core.host.open-and-echo" {
  level = "must", side = "host", requires = { "CORE-REQ-082", "CORE-REQ-105", "CORE-REQ-019" },
  doc = "The mock host opens a channel for a raw guest and packets cross both ways.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    check_eq(#rg:online { version = 0x60000 }, 1, "offers")
    local ring = rg:open(nic, { tx_pages = 1, rx_pages = 1 })
    ring:send { payload = "raw bytes", id = 7, flags = 1 }
    nic:expect_packet { type = "inband", payload = "raw bytes", id = 7, flags = 1 }:complete("ok")
    ring:expect { type = "completion", id = 7, flags = 0, payload = "ok" }
    rg:expect_flag(nic.id)
  end,
}
