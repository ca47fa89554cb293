-- SPDX-License-Identifier: BSD-2-Clause
-- What a host answers to INITIATE_CONTACT: chapter 10 sections 4.2, 4.9 and 6.1.

local function free(host, gpa) return host:held_page(gpa) == 0 end

local versions = { 0x0000d, 0x10001, 0x20004, 0x30000, 0x40000, 0x40001, 0x50000, 0x50001,
                   0x50002, 0x50003, 0x60000 }

-- All fields of an answer that says "unsupported" are zero.
local function is_unsupported(m)
  check_eq(m.bytes, u32(15) .. zeros(12), "answer to a version that is not supported")
end

-- A contact without the wait for its answer, of any version.
local function contact(rg, fields, opts)
  local version = fields.version_requested
  local all = { target_message_vp = 0 }
  if version >= 0x50000 then all.target_sint = 2 else all.interrupt_page_gpa = 0 end
  for k, v in pairs(fields) do all[k] = v end
  rg:say("initiate_contact", all, opts)
end

-- A version that no encoder would write.
local function odd_contact(rg, version)
  rg:say("initiate_contact", { version_requested = 0x50003, target_sint = 2 },
         { poke = { [8] = u32(version) } })
end

for _, version in ipairs(versions) do
  local text = (version >> 16) .. "." .. (version & 0xffff)
  case("host.contact.accepts-" .. text:gsub("%.", "-")) {
    level = "must", side = "host",
    requires = { "CORE-REQ-061", version >= 0x60000 and "CORE-REQ-059" or "CORE-REQ-002" },
    doc = "A host that knows " .. text .. " accepts it with an answer of the right size.",
    run = function(host, rg)
      local m = rg:contact { version = version }
      check_eq(m.version_supported, 1, "version_supported")
      check_eq(m.connection_state, 0, "connection_state")
      check_eq(m.size, version >= 0x60000 and 20 or 16, "size of VERSION_RESPONSE")
      check_eq(get_u32(m.bytes, 4), 0, "padding of the header")
      if version >= 0x50000 then
        check_eq(get_u32(m.bytes, 12), host:info().connection_id, "connection for what follows")
      end
      check_eq(host:info().version, version, "version of the connection")
      rg:say("request_offers")
      rg:expect("all_offers_delivered")
    end,
  }
end

case "host.contact.unknown-version-is-refused-by-16-zeros" {
  level = "must", side = "host", requires = { "CORE-REQ-058", "CORE-REQ-067" },
  doc = "Versions that are not listed, also between known ones, get 16 bytes that say no.",
  run = function(host, rg)
    for _, v in ipairs { 0, 1, 0x0000c, 0x0000e, 0x10000, 0x10002, 0x20003, 0x20005, 0x30001,
                         0x40002, 0x50004, 0x60001, 0x70000, 0x7fffffff, 0xffffffff } do
      odd_contact(rg, v)
      is_unsupported(rg:expect("version_response"))
    end
    check_eq(host:info().state, "disconnected", "the connection")
    check_eq(rg:contact { version = 0x50003 }.version_supported, 1, "a known version then")
  end,
}

case "host.contact.newer-than-the-host" {
  level = "must", side = "host", requires = { "CORE-REQ-058" },
  doc = "A host refuses versions above its own, 6.0 with the short answer as well.",
  config = { host = { max_version = 0x50002 } },
  run = function(host, rg)
    contact(rg, { version_requested = 0x60000, feature_flags = 0xf7 })
    is_unsupported(rg:expect("version_response"))
    contact(rg, { version_requested = 0x50003 })
    is_unsupported(rg:expect("version_response"))
    check_eq(rg:contact { version = 0x50002 }.version_supported, 1, "its own version")
  end,
}

case "host.contact.old-host-has-no-connection-4" {
  level = "must", side = "host", requires = { "CORE-REQ-012" },
  doc = "A host of before 5.0 has nothing behind connection 4, and the post fails at once.",
  config = { host = { max_version = 0x40000 } },
  run = function(host, rg)
    check_eq(rg:post("initiate_contact", { version_requested = 0x50000, target_sint = 2 }), 0x12,
             "status of HvPostMessage")
    rg:expect_silence()
    check_eq(rg:contact { version = 0x40000 }.version_supported, 1, "version_supported")
  end,
}

case "host.contact.features-are-a-subset" {
  level = "must", side = "host", requires = { "CORE-REQ-060", "CORE-REQ-122" },
  doc = "A host grants only feature flags that were requested and that it knows.",
  config = { host = { features = 0x2f } },
  run = function(host, rg)
    for _, asked in ipairs { 0, 0x4, 0x20, 0x23, 0x80, 0xffffff00, 0xfffffff7 } do
      local m = rg:contact { version = 0x60000, features = asked }
      check_eq(m.supported_features & ~asked, 0, "granted without being requested")
      check_eq(m.supported_features, asked & 0x2f, "granted")
      check_eq(host:info().features, m.supported_features, "features in force")
    end
  end,
}

case "host.contact.confidential-needs-trust" {
  level = "must", side = "host", requires = { "CORE-REQ-079" },
  doc = "A server on an untrusted connection does not grant confidential channels.",
  run = function(_, rg)
    local m = rg:contact { version = 0x60000, features = 0x10 }
    check_eq(m.supported_features, 0, "features granted")
  end,
}

case "host.contact.server-pages-take-40-bytes" {
  level = "must", side = "host", requires = { "CORE-REQ-059" },
  doc = "With server_specified_monitor_pages granted the answer is 40 bytes and names a page.",
  config = { host = { server_pages = true, server_page_c2p = 0xfffff000 } },
  run = function(_, rg)
    local m = rg:contact { version = 0x60000, features = 0x40 }
    check_eq(m.supported_features, 0x40, "features granted")
    check_eq(m.size, 40, "size of VERSION_RESPONSE")
    check_eq(get_u64(m.bytes, 32), 0xfffff000, "page of the server")
    check_eq(get_u32(m.bytes, 20), 0, "padding")
    m = rg:contact { version = 0x60000, features = 0 }
    check_eq(m.size, 20, "size when the feature was not requested")
  end,
}

case "host.contact.one-monitor-page-fails" {
  level = "must", side = "host", requires = { "CORE-REQ-064" },
  doc = "Exactly one monitor page is a failure with words from 2.4 on, and unsupported before.",
  run = function(host, rg)
    local page = rg:alloc(1):gpa()
    for _, v in ipairs(versions) do
      for _, field in ipairs { "parent_to_child_monitor_page_gpa",
                               "child_to_parent_monitor_page_gpa" } do
        contact(rg, { version_requested = v, [field] = page })
        local m = rg:expect("version_response")
        if v >= 0x20004 then
          check_eq(m.version_supported, 1, "version_supported")
          check_eq(m.connection_state, 2, "connection_state")
        else
          is_unsupported(m)
        end
        check_eq(host:info().state, "disconnected", "the connection")
        check(free(host, page), "the page is left alone")
      end
    end
    check_eq(rg:contact { version = 0x50003 }.connection_state, 0, "without pages")
  end,
}

case "host.contact.monitor-pages-must-be-pages" {
  level = "must", side = "host", requires = { "CORE-SEC-46" },
  doc = "Monitor pages that are not aligned or no memory are refused; good ones are taken.",
  run = function(host, rg)
    local a, b = rg:alloc(1):gpa(), rg:alloc(1):gpa()
    for _, pages in ipairs { { a + 8, b }, { a, b + 1 }, { a, 0x7ffffffffffff000 },
                             { -4096, b }, { 0x1000, b } } do
      contact(rg, { version_requested = 0x50003, parent_to_child_monitor_page_gpa = pages[1],
                    child_to_parent_monitor_page_gpa = pages[2] })
      check_eq(rg:expect("version_response").connection_state, 2, "connection_state")
      check(free(host, a) and free(host, b), "no page is in use")
    end
    local m = rg:contact { fields = { parent_to_child_monitor_page_gpa = a,
                                      child_to_parent_monitor_page_gpa = b } }
    check_eq(m.connection_state, 0, "connection_state with good pages")
    check_eq(host:info().monitor_page_c2p, b, "page in use")
    check(not free(host, a) and not free(host, b), "both pages are in use")
  end,
}

case "host.contact.interrupt-page-must-be-a-page" {
  level = "must", side = "host", requires = { "CORE-SEC-46" },
  doc = "Below 2.4 an interrupt page that is no page is refused.",
  run = function(host, rg)
    local page = rg:alloc(1):gpa()
    for _, gpa in ipairs { page + 8, page + 1, 0x7ffffffffffff000, -4096 } do
      contact(rg, { version_requested = 0x10001, interrupt_page_gpa = gpa })
      is_unsupported(rg:expect("version_response"))
    end
    check_eq(rg:contact { version = 0x10001, interrupt_page = page }.version_supported, 1,
             "version_supported with a good page")
    check_eq(host:info().interrupt_page, page, "page in use")
  end,
}

case "host.contact.interrupt-page-is-ignored-from-2.4" {
  level = "must", side = "host", requires = { "CORE-SEC-46" },
  doc = "From 2.4 on whatever is in the place of the interrupt page does no harm.",
  run = function(host, rg)
    for _, v in ipairs { 0x20004, 0x30000, 0x40001 } do
      local m = rg:contact { version = v, interrupt_page = 0x123456789abc }
      check_eq(m.version_supported, 1, "version_supported")
      check_eq(host:info().interrupt_page, 0, "page in use")
    end
  end,
}

case "host.contact.wrong-sint-is-answered-there" {
  level = "must", side = "host", requires = { "CORE-REQ-065" },
  doc = "A contact for a SINT other than 2 is refused on that SINT; the connection lives on.",
  config = { vps = 2 },
  run = function(host, rg)
    host:offer { interface = "network" }
    rg:contact { version = 0x50003 }
    local before = host:info()
    rg:wrmsr(0x40000095, 0x61, 1)
    rg:say("initiate_contact", { version_requested = 0x50003, target_sint = 5,
                                 target_message_vp = 1 }, { connection = 4 })
    local m = rg:expect("version_response")
    is_unsupported(m)
    check_eq(m.vp, 1, "processor of the answer")
    check_eq(m.sint, 5, "SINT of the answer")
    check_eq(host:info().state, "connected", "the connection")
    check_eq(host:info().connection_id, before.connection_id, "its connection id")
    rg:say("request_offers")
    rg:expect("offer_channel")
  end,
}

case "host.contact.sint-out-of-range" {
  level = "must", side = "host", requires = { "CORE-REQ-065", "CORE-SEC-49" },
  doc = "A contact for a SINT or a processor that does not exist does no harm.",
  run = function(host, rg)
    rg:contact { version = 0x50003 }
    for _, t in ipairs { { 16, 0 }, { 255, 0 }, { 5, 1 }, { 255, 0xffffffff } } do
      rg:say("initiate_contact", { version_requested = 0x50003, target_sint = t[1],
                                   target_message_vp = t[2] }, { connection = 4 })
    end
    rg:expect_silence()
    check_eq(host:info().state, "connected", "the connection")
    rg:say("request_offers")
    rg:expect("all_offers_delivered")
  end,
}

case "host.contact.processor-that-does-not-exist" {
  level = "must", side = "host", requires = { "CORE-SEC-49" },
  doc = "A contact whose messages go to no processor gets no answer, and a good one then does.",
  run = function(host, rg)
    for _, vp in ipairs { 1, 0xffff, 0x7fffffff, 0xffffffff } do
      contact(rg, { version_requested = 0x50003, target_message_vp = vp })
      contact(rg, { version_requested = 0x30000, target_message_vp = vp })
    end
    rg:expect_silence()
    check_eq(rg:contact { version = 0x50003 }.version_supported, 1, "version_supported")
    check_eq(host:info().target_vp, 0, "processor of messages")
  end,
}

case "host.contact.other-vtl-is-not-this-server" {
  level = "must", side = "host", requires = { "CORE-REQ-065" },
  doc = "A contact for another VTL is answered by nobody here and changes nothing.",
  run = function(host, rg)
    rg:contact { version = 0x50003 }
    rg:say("initiate_contact", { version_requested = 0x50003, target_sint = 2, target_vtl = 2 },
           { connection = 4 })
    rg:expect_silence()
    check_eq(host:info().state, "connected", "the connection")
    rg:say("request_offers")
    rg:expect("all_offers_delivered")
  end,
}

case "host.contact.client-id-needs-56-bytes" {
  level = "must", side = "host", requires = { "CORE-REQ-066" },
  doc = "The client_id flag in a message without client_id makes a host drop it.",
  run = function(host, rg)
    rg:contact { version = 0x60000 }
    for _, size in ipairs { 40, 41, 48, 55 } do
      rg:say("initiate_contact", { version_requested = 0x60000, target_sint = 2,
        feature_flags = 8, client_id = "18dd3964-3e8a-4e42-86fa-c8e6b191ee0e" },
        { connection = 4, truncate = size })
    end
    rg:expect_silence()
    check_eq(host:info().state, "connected", "the connection is kept")
    check_eq(host:dropped("size"), 4, "messages dropped for their size")
    local m = rg:contact { version = 0x60000, features = 8,
      fields = { client_id = "18dd3964-3e8a-4e42-86fa-c8e6b191ee0e" } }
    check_eq(m.supported_features, 8, "features granted to a whole message")
    check_eq(host:info().client_id, guid "18dd3964-3e8a-4e42-86fa-c8e6b191ee0e", "client_id")
  end,
}

case "host.contact.client-id-without-the-flag" {
  level = "must", side = "host", requires = { "CORE-REQ-066" },
  doc = "Forty bytes without the client_id flag are whole, also at 6.0.",
  run = function(_, rg)
    rg:say("initiate_contact", { version_requested = 0x60000, target_sint = 2,
                                 feature_flags = 4 }, { connection = 4, truncate = 40 })
    check_eq(rg:expect("version_response").version_supported, 1, "version_supported")
  end,
}

case "host.contact.every-truncation-is-dropped" {
  level = "must", side = "host", requires = { "CORE-SEC-04" },
  doc = "INITIATE_CONTACT of fewer than 40 bytes is dropped whatever its length.",
  run = function(host, rg)
    for n = 0, 39 do
      rg:say("initiate_contact", { version_requested = 0x50003, target_sint = 2 },
             { connection = 4, truncate = n })
      host:settle()
    end
    rg:expect_silence()
    check_eq(host:dropped(), 40, "messages dropped")
    check_eq(host:info().state, "disconnected", "the connection")
    check_eq(rg:contact {}.version_supported, 1, "a whole one")
  end,
}

case "host.contact.surplus-and-padding-are-ignored" {
  level = "must", side = "host", requires = { "CORE-REQ-122", "CORE-REQ-002" },
  doc = "Bytes behind the message, its padding and its reserved word do not count.",
  run = function(_, rg)
    rg:say("initiate_contact", { version_requested = 0x50003, target_sint = 2 },
           { connection = 4, append = pattern(200, 1),
             poke = { [4] = "\xff\xff\xff\xff", [18] = "\xff\xff" } })
    check_eq(rg:expect("version_response").version_supported, 1, "version_supported")
  end,
}

case "host.contact.pages-are-held-until-the-next-contact" {
  level = "must", side = "host", requires = { "CORE-REQ-069" },
  doc = "Pages of a contact are let go of when a new contact is answered.",
  run = function(host, rg)
    local a, b, c, d = rg:alloc(1):gpa(), rg:alloc(1):gpa(), rg:alloc(1):gpa(), rg:alloc(1):gpa()
    rg:contact { fields = { parent_to_child_monitor_page_gpa = a,
                            child_to_parent_monitor_page_gpa = b } }
    check(not free(host, a) and not free(host, b), "the first pages are in use")
    rg:contact { fields = { parent_to_child_monitor_page_gpa = c,
                            child_to_parent_monitor_page_gpa = d } }
    check(free(host, a) and free(host, b), "the first pages are free")
    check(not free(host, c) and not free(host, d), "the second ones are in use")
  end,
}

case "host.contact.again-releases-everything" {
  level = "must", side = "host", requires = { "CORE-REQ-069" },
  doc = "A new contact closes channels and forgets GPADLs before it is answered.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    local ring = rg:open(nic)
    local extra = rg:alloc(3)
    rg:share(nic, extra)
    nic:answer("close", { hold = true })
    rg:say("initiate_contact", { version_requested = 0x50003, target_sint = 2 },
           { connection = 4 })
    rg:expect_none("version_response")
    check_eq(host:info().state, "disconnecting", "the connection")
    check_eq(nic:asked("close"), 1, "the device is asked to close")
    nic:finish("close")
    check_eq(rg:expect("version_response").version_supported, 1, "version_supported")
    check_eq(nic:info().gpadls, 0, "GPADLs left")
    check_eq(nic:state(), "released", "the channel")
    check(free(host, extra:gpa()), "shared memory is free")
    check(free(host, ring.memory:gpa()), "the rings are free")
    rg:expect_none("gpadl_torndown")
    rg:say("request_offers")
    rg:expect("offer_channel", { channel_id = nic })
    rg:open(nic)
  end,
}

case "host.contact.newest-request-wins" {
  level = "should", side = "host", requires = { "CORE-REQ-069" },
  doc = "Of contacts that come while the old connection ends, the newest is answered.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    rg:open(nic)
    nic:answer("close", { hold = true })
    contact(rg, { version_requested = 0x50003 })
    contact(rg, { version_requested = 0x60000 })
    host:settle()
    contact(rg, { version_requested = 0x40001 })
    host:settle()
    nic:finish("close")
    local m = rg:expect("version_response")
    check_eq(m.version_supported, 1, "version_supported")
    rg:expect_silence()
    check_eq(host:info().version, 0x40001, "version of the connection")
  end,
}

case "host.contact.refused-one-ends-the-old-connection" {
  level = "should", side = "host", requires = { "CORE-REQ-069", "CORE-REQ-058" },
  doc = "An unknown version while connected tears the connection down and is refused then.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    rg:open(nic)
    odd_contact(rg, 0x70000)
    is_unsupported(rg:expect("version_response"))
    check_eq(host:info().state, "disconnected", "the connection")
    check_eq(nic:info().gpadls, 0, "GPADLs left")
    check_eq(nic:state(), "released", "the channel")
  end,
}

case "host.contact.while-the-host-is-busy" {
  level = "should", side = "host", requires = { "CORE-REQ-061" },
  doc = "While a contact is being dealt with nothing is answered, and the newest one is at last.",
  config = { host = { hold_lower = true } },
  run = function(host, rg)
    contact(rg, { version_requested = 0x50003 })
    rg:expect_silence()
    check_eq(host:info().state, "connecting", "the connection")
    contact(rg, { version_requested = 0x30000 })
    rg:say("request_offers", {}, { connection = 4, version = 0x50003 })
    rg:expect_silence()
    host:lower_done()
    rg:expect_silence()
    host:lower_done()
    rg:expect("version_response", { version_supported = 1 })
    check_eq(host:info().version, 0x30000, "version of the connection")
  end,
}

case "host.contact.nothing-else-before-it" {
  level = "must", side = "host", requires = { "CORE-REQ-072" },
  doc = "Without a connection a host drops every message but the two that need none.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    local names = { "request_offers", "open_channel", "close_channel", "gpadl_header",
      "gpadl_body", "gpadl_teardown", "rel_id_released", "unload", "open_reserved_channel",
      "tl_connect_request", "modify_channel", "modify_connection", "pause", "resume" }
    for _, connection in ipairs { 1, 4 } do
      for _, name in ipairs(names) do
        rg:say(name, {}, { connection = connection, version = 0x60000, features = 0x24 })
        host:settle()
      end
    end
    rg:expect_silence()
    check_eq(host:dropped("state"), 2 * #names, "messages dropped for the state")
    check_eq(nic:state(), "released", "the channel")
  end,
}

case "host.contact.messages-go-to-the-processor-asked-for" {
  level = "must", side = "host", requires = { "CORE-REQ-070" },
  doc = "From 3.0 on all messages go to target_message_vp, before that to processor 0.",
  config = { vps = 3 },
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    for _, v in ipairs { 0x20004, 0x30000, 0x50003, 0x60000 } do
      local vp = v >= 0x30000 and 2 or 0
      local m = rg:contact { version = v, vp = 2 }
      check_eq(m.vp, vp, "processor of VERSION_RESPONSE")
      check_eq(m.sint, 2, "SINT of VERSION_RESPONSE")
      rg:say("request_offers")
      check_eq(rg:expect("offer_channel").vp, vp, "processor of OFFER_CHANNEL")
      check_eq(rg:expect("all_offers_delivered").vp, vp, "processor of ALL_OFFERS_DELIVERED")
      rg:open(nic)
      check_eq(rg:messages("open_channel_result")[1].vp, 0, "processor of the first result")
    end
    local results = rg:messages("open_channel_result")
    check_eq(results[#results].vp, 2, "processor of the last result")
  end,
}

case "host.contact.unclean-guest-starts-over" {
  level = "must", side = "host", requires = { "CORE-REQ-124" },
  doc = "A guest that never releases ids unloads and reconnects, and all ids are free again.",
  run = function(host, rg)
    local kept = host:offer { interface = "scsi" }
    rg:online {}
    for i = 1, 20 do
      local nic = host:offer { interface = "network" }
      rg:expect("offer_channel", { channel_id = nic })
      nic:revoke()
      rg:expect("rescind_channel_offer")
      check_eq(nic.id, 1 + i, "ids of revoked offers stay taken")
    end
    rg:say("unload")
    rg:expect("unload_complete")
    rg:online {}
    local nic = host:offer { interface = "network" }
    rg:expect("offer_channel", { channel_id = nic })
    check_eq(kept.id, 1, "id of the channel that stayed")
    check_eq(nic.id, 2, "the lowest id is free again")
  end,
}
