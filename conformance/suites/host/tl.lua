-- SPDX-License-Identifier: BSD-2-Clause
-- hv_sock connect requests on the host's side: chapter 10 section 6.9.

local endpoint = "11111111-2222-4333-8444-555555555555"
local service = "00000ac9-facb-11e6-bd58-64006a7986d3"

case "host.tl.refused-at-4.1-and-later" {
  level = "must", side = "host", requires = { "CORE-REQ-116" },
  doc = "A request that nobody serves gives 0xC0000236 with both GUIDs at 4.1 and later.",
  run = function(_, rg)
    for _, v in ipairs { 0x40001, 0x50000, 0x50003, 0x60000 } do
      rg:online { version = v }
      rg:say("tl_connect_request", { endpoint_id = endpoint, service_id = service })
      local m = rg:expect("tl_connect_request_result")
      check_eq(m.bytes, u32(23) .. u32(0) .. guid(endpoint) .. guid(service) .. u32(0xC0000236),
               "bytes of the result")
    end
  end,
}

case "host.tl.refused-at-4.0-by-silence" {
  level = "must", side = "host", requires = { "CORE-REQ-116" },
  doc = "At 4.0 a request that nobody serves is answered by nothing.",
  run = function(host, rg)
    rg:online { version = 0x40000 }
    rg:say("tl_connect_request", { endpoint_id = endpoint, service_id = service })
    rg:expect_silence()
    check_eq(host:info().state, "connected", "the connection")
  end,
}

for _, v in ipairs { 0x40000, 0x40001, 0x50001, 0x50002, 0x60000 } do
  case(("host.tl.served-at-%d-%d"):format(v >> 16, v & 0xffff)) {
    level = "must", side = "host", requires = { "CORE-REQ-117", "CORE-REQ-118" },
    doc = ("A request of 40 bytes at %d.%d that is served gives an offer with its GUIDs."):format(
      v >> 16, v & 0xffff),
    config = { host = { tl_accept = true } },
    run = function(host, rg)
      rg:online { version = v }
      rg:say("tl_connect_request", { endpoint_id = endpoint, service_id = service },
             { truncate = 40 })
      local offer = rg:expect("offer_channel", { interface_id = service,
                                                 instance_id = endpoint })
      check_eq(offer.flags, 0x2010, "flags: tlnpi and named pipe")
      check_eq(offer.subchannel_index, 0, "subchannel_index")
      rg:expect_none("tl_connect_request_result")
      rg:open(host:channel_of(endpoint))
    end,
  }
end

case "host.tl.with-a-silo" {
  level = "must", side = "host", requires = { "CORE-REQ-117" },
  doc = "From 5.2 on a request of 56 bytes is taken as well.",
  config = { host = { tl_accept = true } },
  run = function(_, rg)
    rg:online { version = 0x50002 }
    rg:say("tl_connect_request", { endpoint_id = endpoint, service_id = service,
      silo_id = "36bd0c5c-7276-4223-88ba-7d03b654c568" })
    rg:expect("offer_channel", { interface_id = service, instance_id = endpoint })
  end,
}

case "host.tl.cut-silo" {
  level = "should", side = "host", requires = { "CORE-REQ-118", "CORE-SEC-04" },
  doc = "A request between 40 and 56 bytes counts as one of 40; a shorter one is dropped.",
  config = { host = { tl_accept = true } },
  run = function(host, rg)
    rg:online { version = 0x60000 }
    local fields = { endpoint_id = endpoint, service_id = service,
                     silo_id = "36bd0c5c-7276-4223-88ba-7d03b654c568" }
    rg:say("tl_connect_request", fields, { truncate = 39 })
    rg:expect_silence()
    check_eq(host:dropped("size"), 1, "messages dropped for their size")
    rg:say("tl_connect_request", fields, { truncate = 55 })
    rg:expect("offer_channel", { interface_id = service, instance_id = endpoint })
  end,
}

case "host.tl.too-old" {
  level = "must", side = "host", requires = { "CORE-REQ-073" },
  doc = "Below 4.0 the request is too new and dropped.",
  config = { host = { tl_accept = true } },
  run = function(host, rg)
    rg:online { version = 0x30000 }
    rg:say("tl_connect_request", { endpoint_id = endpoint, service_id = service },
           { version = 0x40000 })
    rg:expect_silence()
    check_eq(host:dropped("version"), 1, "messages dropped for the version")
  end,
}

case "host.tl.storm-of-requests" {
  level = "must", side = "host", requires = { "CORE-SEC-45" },
  doc = "Every request of a storm is answered, by an offer or a refusal, and none is kept.",
  config = { host = { tl_accept = true } },
  run = function(host, rg)
    rg:online {}
    local offers, refusals = 0, 0
    for i = 1, 100 do
      local id = ("11111111-2222-4333-8444-%012x"):format(i)
      rg:say("tl_connect_request", { endpoint_id = id, service_id = service })
      host:settle()
      offers = #rg:messages("offer_channel")
      refusals = #rg:messages("tl_connect_request_result")
      check_eq(offers + refusals, i, "answers")
    end
    check(offers >= 16, "requests served: " .. offers)
  end,
}
