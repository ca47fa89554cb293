-- SPDX-License-Identifier: BSD-2-Clause
-- Version negotiation, as the guest does it: chapter 10 sections 4.2, 4.9 and 6.1.1.

local known = {
  [0x60000] = true, [0x50003] = true, [0x50002] = true, [0x50001] = true, [0x50000] = true,
  [0x40001] = true, [0x40000] = true, [0x30000] = true, [0x20004] = true, [0x10001] = true,
  [0x0000d] = true,
}

-- A case in which the host's highest version is one that every driver of its age knows.
local function falls_back(name, version, text)
  case("contact.version.falls-back-to-" .. name) {
    level = version >= 0x20004 and "must" or "should",
    requires = { "CORE-REQ-068", version >= 0x50000 and "CORE-REQ-062" or "CORE-REQ-063" },
    bugs = { "BUG-088" },
    doc = "Against a host of " .. text .. " a guest walks down to it and goes on there.",
    config = { host = { max_version = version } },
    run = function(host, guest)
      guest:connect()
      local last
      for _ = 1, 12 do
        last = host:expect("initiate_contact")
        if last.version_requested <= version then break end
      end
      if last.version_requested < version then
        skip(("the driver has no version %s; it went from above to 0x%x"):format(text,
             last.version_requested))
      end
      check_eq(last.version_requested, version, "version tried after higher ones were refused")
      check_eq(last.connection, version >= 0x50000 and 4 or 1, "connection of INITIATE_CONTACT")
      local request = host:expect("request_offers")
      check_eq(request.connection,
               version >= 0x50000 and host:info().connection_id or 1,
               "connection of what follows")
      guest:expect_event("connected", { version = version })
    end,
  }
end

falls_back("5.3", 0x50003, "Server 2022 (5.3)")
falls_back("5.2", 0x50002, "Server 2019 (5.2)")
falls_back("4.0", 0x40000, "Server 2016 (4.0)")
falls_back("3.0", 0x30000, "Server 2012 R2 (3.0)")
falls_back("2.4", 0x20004, "Server 2012 (2.4)")
falls_back("1.1", 0x10001, "Server 2008 R2 (1.1)")
falls_back("0.13", 0x0000d, "Server 2008 (0.13)")

case "contact.version.newest-to-oldest" {
  level = "must", requires = { "CORE-REQ-068" }, bugs = { "BUG-088" },
  doc = "A guest tries versions from newest to oldest, each of them once and only known ones.",
  config = { host = { max_version = 0x30000 } },
  run = function(host, guest)
    guest:connect()
    guest:expect_event("connected", { version = 0x30000 })
    local contacts = host:messages("initiate_contact")
    check(#contacts >= 2, "a guest that begins at 3.0 shows no walk")
    for i, m in ipairs(contacts) do
      check(known[m.version_requested], ("0x%x is not a version"):format(m.version_requested))
      if i > 1 then
        check(m.version_requested < contacts[i - 1].version_requested,
              "each version is lower than the one before")
      end
    end
  end,
}

case "contact.version.nothing-else-before-success" {
  level = "must", requires = { "CORE-REQ-068" },
  doc = "While versions are refused a guest sends nothing but INITIATE_CONTACT.",
  config = { host = { max_version = 0x20004 } },
  run = function(host, guest)
    host:offer { interface = "network" }
    guest:connect()
    guest:expect_event("connected")
    for _, m in ipairs(host:all_messages()) do
      if m.name ~= "initiate_contact" then
        check_eq(m.name, "request_offers", "first message after the contact")
        return
      end
    end
    host:expect("request_offers")
  end,
}

case "contact.version.unknown-connection-means-older-host" {
  level = "must", requires = { "CORE-REQ-010" }, bugs = { "BUG-088" },
  doc = "INVALID_CONNECTION_ID for contact on connection 4 makes a guest go on below 5.0.",
  config = { host = { max_version = 0x40000 } },
  run = function(host, guest)
    host:fail_post(0x12, 16, { connection = 4 })
    guest:connect()
    local m = host:expect("initiate_contact", { version_requested = function(v)
      return v < 0x50000
    end }, "100s")
    check_eq(m.connection, 1, "connection below 5.0")
    guest:expect_event("connected", { version = function(v) return v <= 0x40000 end }, "100s")
    host:clear_faults()
  end,
}

case "contact.version.only-supported-decides" {
  level = "must", requires = { "CORE-REQ-068" }, bugs = { "BUG-068" },
  doc = "Below 5.0 an accepting answer with a zero version word is accepted.",
  config = { host = { max_version = 0x40000 } },
  run = function(host, guest)
    -- 4.0 is 00 00 04 00 on the wire: without this byte the word is zero.
    host:fault_message { direction = "h2g", message = "version_response", action = "corrupt",
                         offset = 14, value = 0, count = 100 }
    guest:connect()
    guest:expect_event("connected", { version = 0x40000 })
    host:expect("request_offers")
  end,
}

case "contact.version.failed-state-is-no-success" {
  level = "must", requires = { "CORE-REQ-064" },
  doc = "A version that is supported but whose connection_state is a failure is not used.",
  run = function(host, guest)
    host:answer("initiate_contact", "version_response",
                { version_supported = 1, connection_state = 2, selected_version_or_connection_id = 1 })
    guest:connect()
    host:expect("initiate_contact")
    host:run_for("20s")
    -- Below 2.4 the byte has no meaning, so an old version may be taken all the same.
    guest:expect_no_event("connected", "0s", { version = function(v) return v >= 0x20004 end })
  end,
}

case "contact.version.none-in-common" {
  level = "must", requires = { "CORE-REQ-068" },
  doc = "A guest that finds no common version reports the failure and sends nothing more.",
  run = function(host, guest)
    host:answer("initiate_contact", "version_response", { version_supported = 0 })
    guest:connect()
    guest:expect_event("connect_failed")
    host:expect_none("request_offers", "10s")
    for _, m in ipairs(host:all_messages()) do
      check_eq(m.name, "initiate_contact", "the only message of a guest without a version")
    end
  end,
}

case "contact.version.late-response-is-ignored" {
  level = "must", requires = { "CORE-REQ-048" }, bugs = { "BUG-071" },
  doc = "A VERSION_RESPONSE that comes when none is awaited changes nothing.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:send("version_response", { version_supported = 0 })
    host:send("version_response", { version_supported = 1, selected_version_or_connection_id = 99 })
    host:settle()
    guest:opened(nic)
    check_eq(host:expect("open_channel").connection, host:info().connection_id,
             "connection of later messages")
    guest:expect_no_event("connected", "0s")
  end,
}

case "contact.response.every-truncation" {
  level = "must", requires = { "CORE-SEC-04" },
  doc = "A VERSION_RESPONSE cut anywhere below 16 bytes is dropped; the whole one still counts.",
  run = function(host, guest)
    host:ignore("initiate_contact")
    guest:connect()
    local m = host:expect("initiate_contact")
    for n = 0, 15 do
      m:reply("version_response", { version_supported = 1, selected_version_or_connection_id = 7 },
              { truncate = n })
    end
    host:expect_none("request_offers", "10ms")
    guest:expect_no_event("connected", "0s")
  end,
}

case "contact.response.surplus-bytes" {
  level = "must", requires = { "CORE-REQ-122" },
  doc = "Bytes behind an accepting VERSION_RESPONSE do no harm.",
  config = { host = { max_version = 0x50003 } },
  run = function(host, guest)
    host:fault_message { direction = "h2g", message = "version_response", action = "resize",
                         value = 24, count = 100 }
    guest:connect()
    guest:expect_event("connected", { version = function(v) return v <= 0x50003 end })
    host:expect("request_offers")
  end,
}

case "contact.features.masked-with-request" {
  level = "must", requires = { "CORE-SEC-43", "CORE-REQ-122" }, bugs = { "BUG-085" },
  doc = "Feature flags that the guest did not request are not in force, whatever the host grants.",
  run = function(host, guest)
    host:ignore("initiate_contact")
    guest:connect()
    local m = host:expect("initiate_contact")
    if m.version_requested < 0x60000 then skip("the driver does not speak 6.0") end
    local asked = m.feature_flags
    m:reply("version_response", { version_supported = 1, selected_version_or_connection_id = 0x24,
                                  has_features = true, supported_features = 0xffffffff },
            { version = 0x60000, truncate = 20 })
    local e = guest:expect_event("connected", { version = 0x60000 })
    check_eq(e.features & ~asked, 0, "flags in force that were not requested")
    check_eq(asked & ~0xff, 0, "unknown flags requested")
  end,
}

case "contact.features.granted-subset" {
  level = "must", requires = { "CORE-REQ-060", "CORE-REQ-122" }, bugs = { "BUG-085" },
  doc = "A guest whose host grants none of the requested features goes on without them.",
  config = { host = { features = 0 } },
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:connect()
    local e = guest:expect_event("connected")
    if e.version < 0x60000 then skip("the driver does not speak 6.0") end
    check_eq(e.features, 0, "features in force")
    guest:expect_event("offer", { channel = nic })
    guest:opened(nic)
    check_eq(host:expect("open_channel").size, 148, "bytes of OPEN_CHANNEL")
  end,
}

case "contact.request.bytes" {
  level = "must", requires = { "CORE-REQ-002", "CORE-REQ-003", "CORE-SEC-12" },
  bugs = { "BUG-080", "BUG-089" },
  doc = "Contact has the exact size of its version, a zero padding word and no stray bytes.",
  config = { host = { max_version = 0x20004 } },
  run = function(host, guest)
    guest:connect()
    guest:expect_event("connected")
    for _, m in ipairs(host:messages("initiate_contact")) do
      local with_id = m.version_requested >= 0x60000 and m.feature_flags & 8 ~= 0
      check_eq(m.size, with_id and 56 or 40, "bytes of INITIATE_CONTACT")
      check_eq(get_u32(m.bytes, 4), 0, "padding")
      if m.version_requested >= 0x50000 then
        check_eq(get_u16(m.bytes, 18), 0, "reserved word at 18")
      end
      if m.version_requested >= 0x50000 and m.version_requested < 0x60000 then
        check_eq(get_u32(m.bytes, 20), 0, "feature flags below 6.0")
      end
    end
  end,
}

case "contact.request.monitor-pages-both-or-none" {
  level = "must", requires = { "CORE-REQ-064" },
  doc = "A guest names both monitor pages, whole and aligned, or none.",
  run = function(host, guest)
    guest:connect()
    local m = host:expect("initiate_contact")
    local down, up = m.parent_to_child_monitor_page_gpa, m.child_to_parent_monitor_page_gpa
    check((down == 0) == (up == 0), "one monitor page without the other")
    check_eq(down % 4096, 0, "alignment of the first page")
    check_eq(up % 4096, 0, "alignment of the second page")
    guest:expect_event("connected")
  end,
}

case "contact.post.insufficient-buffers-retried" {
  level = "must", requires = { "CORE-REQ-009" },
  doc = "A post that finds no buffer is tried again with growing delay; nothing is lost.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    host:fail_post(0x13, 6, { message = "initiate_contact" })
    host:fail_post(0x13, 3, { message = "request_offers" })
    guest:connect()
    guest:expect_event("connected", {}, "60s")
    guest:expect_event("offer", { channel = nic }, "60s")
    check_eq(host:count("request_offers"), 1, "REQUEST_OFFERS that arrived")
  end,
}

case "contact.post.order-kept-under-backpressure" {
  level = "must", requires = { "CORE-REQ-009", "CORE-REQ-092" },
  doc = "A GPADL whose bodies meet full buffers arrives whole and in order.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    for skip = 0, 2 do
      host:fail_post(0x13, 2, { message = "gpadl_body", skip = skip })
    end
    guest:open(nic, { tx_pages = 63, rx_pages = 63 })
    guest:expect_event("opened", { channel = nic, status = 0 }, "60s")
    local open = host:expect("open_channel")
    local r = nic:gpadl(open.ring_buffer_gpadl_id).ranges[1]
    check_eq(#r.pfns, 128, "pages of the ring")
    check_eq(host:count("gpadl_body", { gpadl_id = open.ring_buffer_gpadl_id }), 4, "bodies")
  end,
}

case "contact.post.other-transient-statuses" {
  level = "should", requires = { "CORE-REQ-009" },
  doc = "INSUFFICIENT_MEMORY and TIMEOUT of a post are as transient as full buffers.",
  run = function(host, guest)
    host:fail_post(0x0b, 2, { message = "request_offers" })
    host:fail_post(0x78, 2, { message = "request_offers", skip = 0 })
    guest:connect()
    guest:expect_event("connected", {}, "60s")
    guest:expect_event("offers_done", {}, "60s")
  end,
}

case "contact.isolated.refuses-old-hosts" {
  level = "must", requires = { "CORE-SEC-35" },
  doc = "In an isolation VM a guest negotiates no version below 5.2.",
  config = { isolation = 1, host = { max_version = 0x50001 } },
  run = function(host, guest)
    guest:connect()
    guest:expect_event("connect_failed", {}, "60s")
    for _, m in ipairs(host:messages("initiate_contact")) do
      check(m.version_requested >= 0x50002, ("0x%x was offered"):format(m.version_requested))
    end
  end,
}

case "contact.isolated.accepts-5.2" {
  level = "must", requires = { "CORE-SEC-35" },
  doc = "In an isolation VM 5.2 is good enough: the bound is not set too high.",
  config = { isolation = 1, host = { max_version = 0x50002 } },
  run = function(host, guest)
    guest:connect()
    guest:expect_event("connected", { version = 0x50002 }, "60s")
  end,
}
