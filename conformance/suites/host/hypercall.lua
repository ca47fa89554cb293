-- SPDX-License-Identifier: BSD-2-Clause
-- The hypervisor's side of hypercalls, MSRs and CPUID: chapter 10 sections 2.1, 2.2, 2.5 to 2.7.

local POST, SIGNAL = 0x5c, 0x5d
local FAST = 1 << 16

-- Input block of HvPostMessage in guest memory.
local function block(rg, t)
  local memory = rg:alloc(2)
  memory:write(0, u32(t.connection or 4) .. u32(0) .. u32(t.type or 1) .. u32(t.size or 8) ..
               (t.payload or u32(3) .. u32(0)))
  return memory
end

local function post(rg, t)
  return rg:hypercall(POST, block(rg, t):gpa()) & 0xffff
end

case "host.post.message-types" {
  level = "must", side = "host", requires = { "CORE-REQ-008" },
  doc = "HvPostMessage with message_type 0 or bit 31 set is INVALID_PARAMETER; others are queued.",
  run = function(_, rg)
    for _, t in ipairs { 0, 0x80000000, 0x80000001, 0x80000010, 0xffffffff } do
      check_eq(post(rg, { type = t }), 5, ("status of message_type 0x%x"):format(t))
    end
    for _, t in ipairs { 1, 2, 0x7fffffff } do
      check_eq(post(rg, { type = t }), 0, ("status of message_type 0x%x"):format(t))
    end
  end,
}

case "host.post.payload-sizes" {
  level = "must", side = "host", requires = { "CORE-REQ-008" },
  doc = "HvPostMessage takes 0 to 240 bytes; more is INVALID_PARAMETER.",
  run = function(_, rg)
    for _, n in ipairs { 241, 242, 256, 0x100f0, 0x7fffffff, 0xffffffff } do
      check_eq(post(rg, { size = n }), 5, ("status of payload_size 0x%x"):format(n))
    end
    for _, n in ipairs { 0, 1, 8, 239, 240 } do
      check_eq(post(rg, { size = n }), 0, ("status of payload_size %d"):format(n))
    end
  end,
}

case "host.post.only-payload-size-bytes-count" {
  level = "must", side = "host", requires = { "CORE-REQ-008" },
  doc = "Bytes of the block behind payload_size are not part of the message.",
  run = function(host, rg)
    -- INITIATE_CONTACT, whole in the block and cut by its size.
    local contact = hex "0e 00 00 00 00 00 00 00 03 00 05 00 00 00 00 00 02 00 00 00" .. zeros(20)
    check_eq(post(rg, { size = 39, payload = contact }), 0, "status")
    rg:expect_silence()
    check_eq(host:dropped("size"), 1, "messages dropped for their size")
    check_eq(post(rg, { size = 40, payload = contact }), 0, "status")
    rg:expect("version_response", { version_supported = 1 })
  end,
}

case "host.post.copied-at-once" {
  level = "must", side = "host", requires = { "CORE-REQ-008" },
  doc = "A message is taken out of the block by the call: what is written there later is not sent.",
  run = function(_, rg)
    local contact = hex "0e 00 00 00 00 00 00 00 03 00 05 00 00 00 00 00 02 00 00 00" .. zeros(20)
    local memory = block(rg, { size = 40, payload = contact })
    check_eq(rg:hypercall(POST, memory:gpa()) & 0xffff, 0, "status")
    memory:write(16, ("\xff"):rep(240))
    rg:expect("version_response", { version_supported = 1 })
  end,
}

case "host.post.unknown-connections" {
  level = "must", side = "host", requires = { "CORE-REQ-012" },
  doc = "HvPostMessage to a connection that does not exist, or is no message port, is 0x12.",
  run = function(_, rg)
    rg:contact {}
    for _, c in ipairs { 0, 2, 3, 5, 0x25, 0x800074, 0xffffff } do
      check_eq(post(rg, { connection = c }), 0x12, ("status of connection 0x%x"):format(c))
    end
    check_eq(post(rg, { connection = rg.connection }), 0, "status of the right one")
    check_eq(post(rg, { connection = 0xab000000 | rg.connection }), 0,
             "status with bits above the 24 that count")
  end,
}

case "host.post.input-must-be-aligned-and-in-a-page" {
  level = "must", side = "host", requires = { "CORE-REQ-007" },
  doc = "An input block that is not 8-byte aligned or crosses a page is refused.",
  run = function(_, rg)
    local memory = block(rg, {})
    local function status(offset) return rg:hypercall(POST, memory:gpa(0) + offset) & 0xffff end
    for _, offset in ipairs { 1, 2, 4, 7, 12, 4096 - 248, 4096 - 8 } do
      check_eq(status(offset), 4, ("status at offset %d"):format(offset))
    end
    memory:write(4096 - 256, u32(4) .. u32(0) .. u32(1) .. u32(8) .. u32(3) .. u32(0))
    check_eq(status(4096 - 256), 0, "status of the last place in a page")
  end,
}

case "host.post.input-must-be-memory" {
  level = "must", side = "host", requires = { "CORE-REQ-008" },
  doc = "An input block outside of memory is refused.",
  run = function(_, rg)
    for _, gpa in ipairs { 0, 0x7ffffffffffff000, -4096, -256 } do
      check_ne(rg:hypercall(POST, gpa) & 0xffff, 0, "status")
    end
  end,
}

case "host.post.port-is-bounded" {
  level = "must", side = "host", requires = { "CORE-SEC-44" }, bugs = { "BUG-064" },
  doc = "A port whose owner does not read takes a bounded number of messages, then 0x13.",
  run = function(host, rg)
    host:stop_reading()
    local n, status = 0, 0
    while n < 1000 and status == 0 do
      status = rg:post("initiate_contact", { version_requested = 0x50003, target_sint = 2 })
      n = n + 1
    end
    check_eq(status, 0x13, "status of a full port")
    check_range(n - 1, 1, 64, "messages that it took")
    host:stop_reading(false)
    rg:expect("version_response", { version_supported = 1 })
    check_eq(rg:post("initiate_contact", { version_requested = 0x50003, target_sint = 2 }), 0,
             "status when there is room again")
  end,
}

case "host.hypercall.control-words" {
  level = "must", side = "host", requires = { "CORE-REQ-008" },
  doc = "Unknown codes, reserved bits and repeat counts are refused; none is acted upon.",
  run = function(host, rg)
    local gpa = block(rg, {}):gpa()
    for _, code in ipairs { 0, 1, 0x5b, 0x5e, 0x1234, 0xffff } do
      check_eq(rg:hypercall(code, gpa) & 0xffff, 2, ("status of code 0x%x"):format(code))
    end
    for _, bits in ipairs { 1 << 17, 1 << 26, 1 << 27, 1 << 30, 1 << 31, 1 << 32, 1 << 43, 1 << 44,
                            1 << 47, 1 << 48, 1 << 59, 1 << 60, 1 << 63 } do
      check_eq(rg:hypercall(POST | bits, gpa) & 0xffff, 3, ("status with bits 0x%x"):format(bits))
      check_eq(rg:hypercall(SIGNAL | FAST | bits, 2) & 0xffff, 3,
               ("status of a signal with bits 0x%x"):format(bits))
    end
    check_ne(rg:hypercall(POST | FAST, gpa) & 0xffff, 0, "status of a fast HvPostMessage")
    host:settle()
    check_eq(host:dropped(), 0, "messages that came through")
    check_eq(rg:hypercall(POST, gpa) & 0xffff, 0, "status of the right word")
  end,
}

case "host.hypercall.parent-calls-are-denied" {
  level = "must", side = "host", requires = { "CORE-REQ-008" },
  doc = "A guest has no right to the direct forms that a parent uses.",
  run = function(_, rg)
    local gpa = block(rg, {}):gpa()
    for _, code in ipairs { 0xc0, 0xc1 } do
      check_eq(rg:hypercall(code, gpa, gpa) & 0xffff, 6, ("status of code 0x%x"):format(code))
    end
  end,
}

case "host.hypercall.privileges" {
  level = "must", side = "host", requires = { "CORE-REQ-005" },
  config = { cpuid_eax = 0x26, cpuid_ebx = 0, cpuid_exact = true },
  doc = "Without the privilege bits in CPUID both calls are ACCESS_DENIED.",
  run = function(_, rg)
    local _, ebx = rg:cpuid(0x40000003)
    check_eq(ebx & 0x30, 0, "EBX of leaf 0x40000003")
    check_eq(post(rg, {}), 6, "status of HvPostMessage")
    check_eq(rg:signal(2), 6, "status of HvSignalEvent")
  end,
}

case "host.signal-event.statuses" {
  level = "must", side = "host", requires = { "CORE-REQ-012" },
  doc = "HvSignalEvent tells unknown connections, flags above the port's and reserved bits apart.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    rg:open(nic)
    local connection = nic:info().connection_id
    for _, c in ipairs { 0, 1, 3, 4, 0x2fff, 0xffffff, rg.connection } do
      check_eq(rg:signal(c), 0x12, ("status of connection 0x%x"):format(c))
    end
    for _, flag in ipairs { 1, 2, 2047, 0xffff } do
      check_eq(rg:signal(connection, flag), 5, ("status of flag %d"):format(flag))
    end
    check_eq(rg:hypercall(SIGNAL | FAST, connection | 1 << 48) & 0xffff, 5,
             "status with the reserved word set")
    host:settle()
    check_eq(nic:signals(), 0, "signals so far")
    check_eq(rg:signal(connection), 0, "status of the right call")
    host:settle()
    check_eq(nic:signals(), 1, "signals")
  end,
}

case "host.signal-event.slow-form" {
  level = "should", side = "host", requires = { "CORE-REQ-012" },
  doc = "HvSignalEvent works with its input in memory as well.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    rg:open(nic)
    local memory = rg:alloc(1)
    memory:write(0, u32(nic:info().connection_id) .. u32(0))
    check_eq(rg:hypercall(SIGNAL, memory:gpa()) & 0xffff, 0, "status")
    host:settle()
    check_eq(nic:signals(), 1, "signals")
    check_eq(rg:hypercall(SIGNAL, memory:gpa() + 4) & 0xffff, 4, "status of unaligned input")
    check_eq(rg:hypercall(SIGNAL, memory:gpa() + 8) & 0xffff, 0x12, "status of connection 0")
  end,
}

-- MSRs --------------------------------------------------------------------------------------

case "host.msr.no-hypercall-page-without-an-os-id" {
  level = "must", side = "host", requires = { "CORE-REQ-006" },
  doc = "The hypercall page is enabled only while GUEST_OS_ID is not 0.",
  run = function(_, rg)
    local page = rg:rdmsr(0x40000001)
    check_eq(page & 1, 1, "enable bit at first")
    rg:wrmsr(0x40000000, 0)
    check_eq(rg:rdmsr(0x40000001) & 1, 0, "enable bit when the id is 0")
    rg:wrmsr(0x40000001, page)
    check_eq(rg:rdmsr(0x40000001) & 1, 0, "enable bit that was written without an id")
    rg:wrmsr(0x40000000, 0x8100000000000001)
    rg:wrmsr(0x40000001, page)
    check_eq(rg:rdmsr(0x40000001), page, "the page with an id")
  end,
}

case "host.msr.sint-vectors" {
  level = "must", side = "host", requires = { "CORE-REQ-014" },
  doc = "SINTs are masked at reset; an unmasked vector below 16 faults, a masked one does not.",
  run = function(_, rg)
    for n = 0, 15 do
      if n ~= 2 then check_eq(rg:rdmsr(0x40000090 + n), 0x10000, "SINT" .. n .. " at reset") end
    end
    for _, v in ipairs { 0, 1, 15, 0x2000f } do
      check_eq(rg:wrmsr(0x40000095, v), false, ("write of 0x%x"):format(v))
    end
    check_eq(rg:rdmsr(0x40000095), 0x10000, "SINT5 after writes that faulted")
    for _, v in ipairs { 16, 0x60, 0xff, 0x10000, 0x1000f, 0x20060 } do
      check_eq(rg:wrmsr(0x40000095, v), true, ("write of 0x%x"):format(v))
      check_eq(rg:rdmsr(0x40000095), v, "SINT5")
    end
  end,
}

case "host.msr.synic-registers" {
  level = "must", side = "host", requires = { "CORE-REQ-014" }, config = { vps = 2 },
  doc = "SynIC registers are there for each processor, SVERSION is 1 and EOM reads 0.",
  run = function(_, rg)
    for vp = 0, 1 do
      check_eq(rg:rdmsr(0x40000081, vp), 1, "SVERSION")
      check_eq(rg:rdmsr(0x40000084, vp), 0, "EOM")
      check_eq(rg:rdmsr(0x40000002, vp), vp, "VP_INDEX")
      check_eq(rg:rdmsr(0x40000083, vp), rg:synic_pages(vp) | 1, "SIMP")
    end
    check_eq(rg:wrmsr(0x40000081, 2), false, "write of SVERSION")
    check_eq(rg:wrmsr(0x40000002, 2), false, "write of VP_INDEX")
    check_eq(rg:rdmsr(0x40000099 + 0x1000), nil, "a register that does not exist")
    check_eq(rg:rdmsr(0x40000081, 2), nil, "a processor that does not exist")
  end,
}

case "host.msr.no-synic-without-the-privilege" {
  level = "must", side = "host", requires = { "CORE-REQ-005" },
  config = { cpuid_eax = 0x26, cpuid_ebx = 0x30, cpuid_exact = true },
  doc = "A register whose privilege bit is missing faults, and those with theirs do not.",
  run = function(_, rg)
    local eax = rg:cpuid(0x40000003)
    check_eq(eax & 0x2, 0x2, "TIME_REF_COUNT privilege")
    check_eq(eax & 0x40, 0, "VP_INDEX privilege")
    check(rg:rdmsr(0x40000020) ~= nil, "TIME_REF_COUNT can be read")
    check_eq(rg:rdmsr(0x40000002), nil, "VP_INDEX")
    check_eq(rg:rdmsr(0x40000021), nil, "REFERENCE_TSC")
    check_eq(rg:rdmsr(0x40000022), nil, "TSC_FREQUENCY")
  end,
}

case "host.cpuid.leaves" {
  level = "must", side = "host", requires = { "CORE-REQ-005" },
  doc = "CPUID names the hypervisor, the interface Hv#1 and the privileges that VMBus needs.",
  run = function(_, rg)
    local _, _, ecx = rg:cpuid(1)
    check_eq(ecx >> 31 & 1, 1, "hypervisor present")
    local max, b, c, d = rg:cpuid(0x40000000)
    check(max >= 0x40000005, "highest leaf")
    check_eq(u32(b) .. u32(c) .. u32(d), "Microsoft Hv", "vendor")
    check_eq(u32((rg:cpuid(0x40000001))), "Hv#1", "interface")
    local eax, ebx = rg:cpuid(0x40000003)
    check_eq(eax & 0x24, 0x24, "SynIC and hypercall MSRs")
    check_eq(ebx & 0x30, 0x30, "HvPostMessage and HvSignalEvent")
  end,
}

-- Events ------------------------------------------------------------------------------------

case "host.event.one-interrupt-per-flag" {
  level = "should", side = "host", requires = { "CORE-REQ-019" },
  doc = "A flag that is set already raises no second interrupt; cleared, it does again.",
  run = function(host, rg)
    rg:online {}
    for _ = 1, 5 do host:signal_flag(100) end
    host:settle()
    check_eq(rg:flags(100), 1, "times that the flag was found")
    check_eq(host:synic(0, 2).events, 1, "events raised")
    host:signal_flag(100)
    host:settle()
    check_eq(rg:flags(100), 2, "times that the flag was found")
  end,
}

case "host.event.masked-sint" {
  level = "quirk", side = "host", requires = { "CORE-REQ-019" },
  doc = "A signal into a masked SINT is lost; unmasked, the next one comes.",
  run = function(host, rg)
    local nic = host:offer { interface = "network" }
    rg:online {}
    rg:open(nic)
    rg:wrmsr(0x40000092, 0x10060)
    nic:interrupt()
    host:settle()
    check_eq(rg:flags(nic.id), 0, "flags while masked")
    rg:wrmsr(0x40000092, 0x60)
    host:settle()
    check_eq(rg:flags(nic.id), 0, "flags after the mask")
    nic:interrupt()
    rg:expect_flag(nic.id)
  end,
}
