-- SPDX-License-Identifier: BSD-2-Clause
-- Commands of a disk and of a drive, from the host's side: chapter 30 sections 10, 11, 13.
local raw = include "rawstor.lua"
local be16, be32, be64 = raw.be16, raw.be32, raw.be64
local check_good, check_sense = raw.check_good, raw.check_sense
local BAD_OPCODE, BAD_LBA, BAD_CDB, BAD_LIST, LIST_LENGTH = 0x2000, 0x2100, 0x2400, 0x2600, 0x1a00

local function scsi_case(name, requires, doc, run)
  case("vstor.scsi." .. name) { level = "must", side = "host", requires = requires, doc = doc, run = run }
end

local function get16(s, at) return (string.unpack(">I2", s, at + 1)) end
local function get32(s, at) return (string.unpack(">I4", s, at + 1)) end
local function get64(s, at) return (string.unpack(">I8", s, at + 1)) end
local function pattern(n, seed)
  local t = {}
  for i = 1, n do t[i] = string.char((i * 7 + i // 251 + seed) & 0xff) end
  return table.concat(t)
end

-- Data ----------------------------------------------------------------------------------

for _, size in ipairs { 512, 4096 } do
  scsi_case("write-and-read-" .. size, { "VST-REQ-024" }, "What was written is read again, in every form of the command.", function(host, rg)
    local g = raw.up(host, rg, { units = { { size = 1 << 20, block_size = size } } })
    local data = pattern(size * 3, 1)
    check_good(g:output(raw.write10(2, 3), data), size * 3)
    for _, cdb in ipairs { raw.read10(2, 3), raw.read16(2, 3), u8(8) .. u8(0) .. be16(2) .. u8(3) .. u8(0),
                           u8(0xa8) .. u8(0) .. be32(2) .. be32(3) .. u16(0) } do
      local r, got = g:input(cdb, size * 3)
      check_good(r, size * 3)
      check_eq(got, data, "data")
    end
    check_good(g:output(raw.write16(5, 1), pattern(size, 9)), size)
    check_good(g:output(u8(0xaa) .. u8(0) .. be32(6) .. be32(1) .. u16(0), pattern(size, 10)), size)
    check_good(g:output(u8(0x0a) .. u8(0) .. be16(7) .. u8(1) .. u8(0), pattern(size, 11)), size)
    check_eq(g.units[1]:read(size * 5, size * 3), pattern(size, 9) .. pattern(size, 10) .. pattern(size, 11), "medium")
    check_eq(g.units[1]:read(0, size * 2), zeros(size * 2), "blocks before")
  end)
end

for _, offset in ipairs { 2, 511, 4094, 4095 } do
  scsi_case("buffer-at-" .. offset, { "VST-REQ-025" }, "A buffer may begin anywhere in its first page.", function(host, rg)
    local g = raw.up(host, rg)
    check_good(g:output(raw.write10(1, 9), pattern(4608, 3), { offset = offset }), 4608)
    local r, got = g:input(raw.read10(1, 9), 4608, { offset = offset })
    check_good(r, 4608)
    check_eq(got, pattern(4608, 3), "data")
  end)
end

scsi_case("range-longer-than-data", { "VST-REQ-026", "VST-SEC-05" }, "Bytes behind the data stay as they were.", function(host, rg)
  local g = raw.up(host, rg)
  local b = g:buffer(8192)
  b:write(string.rep("\xee", 8192))
  check_good(g:result(g:submit(raw.read10(0, 1), { data_in = 1, buffer = b, length = 512 })), 512)
  check_eq(b:read(), zeros(512) .. string.rep("\xee", 7680), "memory")
end)

scsi_case("direction", { "VST-SEC-06" }, "A read never takes guest memory, and a write never changes it.", function(host, rg)
  local g = raw.up(host, rg)
  local b = g:buffer(512)
  b:write(pattern(512, 1))
  local r = g:result(g:submit(raw.read10(0, 1), { data_in = 0, buffer = b }))
  check_ne(r.srb, 1, "a read that says it writes")
  check_eq(b:read(), pattern(512, 1), "memory")
  r = g:result(g:submit(raw.write10(0, 1), { data_in = 1, buffer = b }))
  check_ne(r.srb, 1, "a write that says it reads")
  b = g:buffer(16)
  b:write(zeros(4) .. u8(8) .. u8(10) .. u8(4) .. zeros(9))
  r = g:result(g:submit(u8(0x15) .. u8(0x10) .. u16(0) .. u8(16) .. u8(0), { data_in = 1, buffer = b }))
  check_ne(r.srb, 1, "a parameter list that says it reads")
  check_eq(g.units[1]:read(0, 512), zeros(512), "medium")
end)

scsi_case("foreign-memory", { "VST-SEC-04" }, "A page that is no memory of the guest fails the request, nothing else.", function(host, rg)
  local g = raw.up(host, rg)
  local b = g:buffer(512)
  local extra = u32(0) .. u32(1) .. u32(512) .. u32(0) .. u64(0xfffffffffff)
  check_sense(g:result(g:submit(raw.read10(0, 1), { data_in = 1, buffer = b, extra = extra })), 5, BAD_CDB)
  check_sense(g:result(g:submit(raw.write10(0, 1), { data_in = 0, buffer = b, extra = extra })), 5, BAD_CDB)
  check_eq(g.units[1]:read(0, 512), zeros(512), "medium")
  g:alive()
end)

scsi_case("limits", { "VST-REQ-047", "VST-SEC-07" }, "The last block can be read, nothing behind it, in no form of the command.", function(host, rg)
  local g = raw.up(host, rg)
  local last = (1 << 20) // 512 - 1
  check_good((g:input(raw.read10(last, 1), 512)), 512)
  for _, cdb in ipairs { raw.read10(last + 1, 1), raw.read10(last, 2), raw.read10(0xffffffff, 1), raw.read16(last + 1, 1),
                         raw.read16(-1, 2), raw.read16(0x7fffffffffffffff, 1), raw.read16(last, 2),
                         u8(0xa8) .. u8(0) .. be32(last) .. be32(2) .. u16(0) } do
    local r, got = g:input(cdb, 1024)
    check_sense(r, 5, BAD_LBA)
    check_eq(got, string.rep("\xee", 1024), "memory")
  end
  check_sense(g:output(raw.write16(-1, 2), zeros(1024)), 5, BAD_LBA)
end)

scsi_case("more-blocks-than-buffer", { "VST-SEC-05" }, "A command cannot move more than its buffer has.", function(host, rg)
  local g = raw.up(host, rg)
  check_sense((g:input(raw.read10(0, 3), 1024)), 5, BAD_LBA)
  check_sense((g:input(raw.read16(0, 0xffffffff), 1024)), 5, BAD_LBA)
end)

scsi_case("max-transfer", { "VST-SEC-05" }, "Requests above max_transfer_bytes fail, one of that size does not.", function(host, rg)
  local g = raw.up(host, rg, { max_transfer = 8192, units = { { size = 1 << 20 } } })
  check_good((g:input(raw.read10(0, 16), 8192)), 8192)
  check_sense((g:input(raw.read10(0, 17), 8704)), 5, BAD_CDB)
end)

scsi_case("zero-blocks", { "VST-REQ-048" }, "Nothing to move is success; 0 of the short form are 256 blocks.", function(host, rg)
  local g = raw.up(host, rg)
  check_good(g:command(raw.read10(0, 0)), 0)
  check_good(g:command(raw.write10(5, 0)), 0)
  check_good(g:command(raw.read16(5, 0)), 0)
  check_good((g:input(u8(8) .. zeros(5), 256 * 512)), 256 * 512)
  check_sense(g:command(raw.read10((1 << 20) // 512, 0)), 5, BAD_LBA)
end)

scsi_case("relative-address", { "VST-REQ-047" }, "The obsolete relative form is refused.", function(host, rg)
  local g = raw.up(host, rg)
  check_sense((g:input(u8(0x28) .. u8(1) .. be32(0) .. u8(0) .. be16(1), 512)), 5, BAD_CDB)
end)

scsi_case("read-only", { "VST-REQ-049" }, "A disk that is read-only says so and takes no write.", function(host, rg)
  local g = raw.up(host, rg, { units = { { size = 1 << 20, read_only = true } } })
  check_sense(g:output(raw.write10(0, 1), zeros(512)), 7, 0x2700)
  check_sense(g:output(raw.write10(0, 1, 8), zeros(512)), 7, 0x2700)
  check_sense(g:output(u8(0x41) .. u8(0) .. be32(0) .. u8(0) .. be16(1), zeros(512)), 7, 0x2700)
  check_sense(g:output(u8(0x42) .. zeros(6) .. be16(8), be16(6) .. be16(0) .. zeros(4)), 7, 0x2700)
  local r, m = g:input(u8(0x1a) .. u8(0) .. u8(0x3f) .. u8(0) .. u8(16), 16)
  check_good(r, 16)
  check_eq(m:byte(3) & 0x80, 0x80, "write protected")
  check_good((g:input(raw.read10(0, 1), 512)), 512)
end)

-- What is there -------------------------------------------------------------------------

scsi_case("inquiry", { "VST-REQ-039", "VST-REQ-040" }, "Standard data say what the disk is, cut to the room given.", function(host, rg)
  local g = raw.up(host, rg)
  local r, d = g:input(raw.inquiry(104), 104)
  check_good(r, 104)
  check_eq(d:byte(1), 0, "disk")
  check_eq(d:byte(3), 5, "version")
  check_eq(d:byte(4) & 15, 2, "format")
  check_eq(d:byte(5), 99, "additional length")
  check_eq(d:sub(9, 12), "Msft", "vendor")
  check_eq(d:sub(17, 32), "Virtual Disk    ", "product")
  r, d = g:input(raw.inquiry(36), 36)
  check_good(r, 36)
  check_eq(d:byte(5), 99, "additional length of what was cut")
  check_sense((g:input(raw.inquiry(4), 4)), 5, BAD_CDB)
  check_sense((g:input(u8(0x12) .. u8(0) .. u8(0x80) .. be16(36), 36)), 5, BAD_CDB)
  check_sense((g:input(u8(0x12) .. u8(2) .. u8(0) .. be16(36), 36)), 5, BAD_CDB)
  check_sense((g:input(raw.inquiry(200), 100)), 5, BAD_CDB)
end)

scsi_case("vital-pages", { "VST-REQ-041", "VST-REQ-043" }, "The list of pages has those that answer, in order, and no others.", function(host, rg)
  for _, u in ipairs { { size = 1 << 20, serial = "S-1" }, { size = 1 << 20, no_unmap = true, lun = 1 } } do
    local g = raw.up(host, rg, { units = { { size = 1 << 20, serial = "S-1" }, { size = 1 << 20, no_unmap = true, lun = 1 } } })
    for lun = 0, 1 do
      local r, d = g:input(raw.inquiry(255, 0), 255, { lun = lun })
      check_good(r)
      local listed, last = {}, -1
      for i = 5, 4 + get16(d, 2) do
        check(d:byte(i) > last, "ascending")
        last = d:byte(i)
        listed[last] = true
      end
      for page = 0, 255 do
        r, d = g:input(raw.inquiry(255, page), 255, { lun = lun })
        if listed[page] then
          check_good(r, 4 + get16(d, 2))
          check_eq(d:byte(2), page, "page code")
          if page == 0xb0 or page == 0xb1 then check_eq(get16(d, 2), 0x3c, "page length") end
          if page == 0xb2 then check_eq(get16(d, 2), 4, "page length") end
        else
          check_sense(r, 5, BAD_CDB)
        end
      end
      for page = 0xb0, 0xb2 do check_eq(listed[page] == nil, lun == 1, "pages of UNMAP only with UNMAP") end
      check_eq(listed[0x80] == nil, lun == 1, "a serial number only where there is one")
    end
    break
  end
end)

scsi_case("vital-page-truncated", { "VST-REQ-044", "VST-REQ-042" }, "A page is cut to the room given and still tells its length; the identity is the disk's.", function(host, rg)
  local id = "0123456789abcdef"
  local g = raw.up(host, rg, { units = { { size = 1 << 20, id = id } } })
  local r, d = g:input(raw.inquiry(4, 0x83), 4)
  check_good(r, 4)
  check_eq(get16(d, 2), 48, "page length")
  r, d = g:input(raw.inquiry(52, 0x83), 52)
  check_good(r, 52)
  check_eq(d:sub(17, 32), id, "disk id")
  check_eq(d:sub(37, 40), hex "60 02 24 80", "NAA")
  check_eq(d:sub(41, 52), id:sub(1, 6) .. id:sub(11, 16), "NAA identity")
  check_sense((g:input(raw.inquiry(3, 0x83), 3)), 5, BAD_CDB)
end)

scsi_case("capacity", { "VST-REQ-045", "VST-REQ-046" }, "Disks of more than 2 TiB tell their size in the long form.", function(host, rg)
  local g = raw.up(host, rg, { units = { { size = 3 << 40 }, { size = 1 << 30, lun = 1, block_size = 4096, no_unmap = true } } })
  local r, d = g:input(u8(0x25) .. zeros(9), 8)
  check_good(r, 8)
  check_eq(get32(d, 0), 0xffffffff, "last block, short form")
  check_eq(get32(d, 4), 512, "block size")
  r, d = g:input(u8(0x9e) .. u8(0x10) .. zeros(8) .. be32(32) .. u16(0), 32)
  check_good(r, 32)
  check_eq(get64(d, 0), (3 << 40) // 512 - 1, "last block")
  check_eq(d:byte(14) & 15, 3, "physical blocks of 4096 bytes")
  check_eq(d:byte(15) & 0x80, 0x80, "UNMAP")
  r, d = g:input(u8(0x25) .. zeros(9), 8, { lun = 1 })
  check_eq(get32(d, 0), (1 << 30) // 4096 - 1, "last block of the second disk")
  check_eq(get32(d, 4), 4096, "block size")
  r, d = g:input(u8(0x9e) .. u8(0x10) .. zeros(8) .. be32(32) .. u16(0), 32, { lun = 1 })
  check_eq(d:byte(15) & 0x80, 0, "no UNMAP")
  check_eq(g:input(u8(0x25) .. zeros(9), 7).srb, 0x12, "no room")
  check_sense((g:input(u8(0x9e) .. u8(0x1f) .. zeros(8) .. be32(32), 32)), 5, BAD_CDB)
  -- blocks behind 2 TiB
  check_good(g:output(raw.write16((5 << 40) // 1024, 1), pattern(512, 4)), 512)
  r, d = g:input(raw.read16((5 << 40) // 1024, 1), 512)
  check_eq(d, pattern(512, 4), "data behind 2 TiB")
end)

scsi_case("absent-unit", { "VST-REQ-031", "VST-REQ-032", "VST-REQ-033", "VST-SEC-12" }, "A place without a unit answers INQUIRY and nothing else.", function(host, rg)
  local g = raw.up(host, rg)
  local r = g:input(raw.read10(0, 1), 512, { lun = 9 })
  check_eq(r.srb, 0x20, "invalid_lun")
  check_eq(r.scsi, 2, "CHECK CONDITION")
  check_eq(r.autosense, false, "no sense data")
  check_eq(r.status, raw.NO_DEVICE, "status")
  local d
  r, d = g:input(raw.inquiry(36), 36, { target = 3, lun = 0 })
  check_good(r, 36)
  check_eq(d:byte(1), 0x7f, "no device")
  check_eq(d:sub(9, 12), "Msft", "vendor of unit 0")
  r, d = g:input(raw.inquiry(36), 36, { lun = 9 })
  check_eq(d:sub(9, 36), zeros(28), "no identity of another unit")
  check_sense((g:input(raw.inquiry(36, 0), 36, { lun = 9 })), 5, BAD_CDB)
  check_sense((g:input(u8(0x12) .. u8(0) .. u8(1) .. be16(36), 36, { lun = 9 })), 5, BAD_CDB)
  check_sense((g:input(raw.inquiry(4), 4, { lun = 9 })), 5, BAD_CDB)
end)

scsi_case("report-luns", { "VST-REQ-034", "VST-REQ-035", "VST-REQ-036" }, "The list is that of the bus and target, in order, by the room of the buffer.", function(host, rg)
  local g = raw.up(host, rg, { units = { { size = 65536, lun = 7 }, { size = 65536, lun = 0 }, { size = 65536, lun = 3 },
                                          { size = 65536, target = 1, lun = 2 }, { size = 65536, path = 1, lun = 4 } } })
  local cdb = u8(0xa0) .. zeros(11)
  local r, d = g:input(cdb, 2048)
  check_good(r, 8 + 24)
  check_eq(get32(d, 0), 24, "list length")
  check_eq(d:sub(9, 32), "\0\0" .. zeros(6) .. "\0\3" .. zeros(6) .. "\0\7" .. zeros(6), "list")
  r, d = g:input(cdb, 2048, { target = 2 })
  check_good(r, 8)
  check_eq(get32(d, 0), 0, "empty list")
  r, d = g:input(cdb, 2048, { path = 1 })
  check_eq(d:byte(10), 4, "unit of bus 1")
  r = g:input(cdb, 16)
  check_good(r, 16)
  check_good((g:input(cdb, 7)), 0)
end)

-- Modes, cache --------------------------------------------------------------------------

for _, opcode in ipairs { 0x1a, 0x5a } do
  local ten = opcode == 0x5a
  local head = ten and 8 or 4
  local function sense_cdb(page, n) return u8(opcode) .. u8(0) .. u8(page) .. (ten and zeros(4) .. be16(n) or u8(0) .. u8(n)) .. u8(0) end
  scsi_case(string.format("mode-sense-%x", opcode), { "VST-REQ-050", "VST-REQ-051" }, "The caching page is there, alone or with all, and no other.", function(host, rg)
    local g = raw.up(host, rg, { units = { { size = 1 << 20 }, { size = 1 << 20, lun = 1, no_cache = true } } })
    for lun = 0, 1 do
      for _, page in ipairs { 0x08, 0x3f, 0x88 } do
        local r, d = g:input(sense_cdb(page, head + 12), head + 12, { lun = lun })
        check_good(r, head + 12)
        check_eq(ten and get16(d, 0) or d:byte(1), ten and 18 or 15, "mode data length")
        check_eq(d:byte(head + 1), 8, "page")
        check_eq(d:byte(head + 3) & 4, lun == 0 and 4 or 0, "WCE")
        check_eq(d:byte(ten and 4 or 3) & 0x90, 0x10, "FUA can be had, writes too")
      end
    end
    local _, d = g:input(sense_cdb(0x48, head + 12), head + 12)
    check_eq(d:byte(head + 3), 0, "nothing can be changed")
    check_sense((g:input(sense_cdb(0x1c, 64), 64)), 5, BAD_CDB)
    check_sense((g:input(sense_cdb(0xc8, 64), 64)), 5, BAD_CDB)
    check_sense((g:input(sense_cdb(0x08, 100), 64)), 5, BAD_CDB)
    check_sense((g:input(sense_cdb(0x08, head - 1), 64)), 5, BAD_CDB)
    check_good(g:command(sense_cdb(0x08, 0)), 0)
  end)
  local function select_cdb(bits, n) return u8(opcode - 5) .. u8(bits) .. (ten and zeros(5) .. be16(n) or u16(0) .. u8(n)) .. u8(0) end
  scsi_case(string.format("mode-select-%x", opcode - 5), { "VST-REQ-052" }, "The cache cannot be switched off; what changes nothing is taken.", function(host, rg)
    local g = raw.up(host, rg)
    local same = zeros(head) .. u8(8) .. u8(10) .. u8(4) .. zeros(9)
    check_good(g:output(select_cdb(0x10, #same), same))
    check_sense(g:output(select_cdb(0x10, #same), zeros(head) .. u8(8) .. u8(10) .. zeros(10)), 5, BAD_LIST)
    check_sense(g:output(select_cdb(0x10, #same), zeros(head) .. u8(0x1c) .. u8(10) .. u8(4) .. zeros(9)), 5, BAD_LIST)
    check_sense(g:output(select_cdb(0x11, #same), same), 5, BAD_CDB)
    check_sense(g:output(select_cdb(0x10, #same - 1), same), 5, LIST_LENGTH)
    check_sense(g:output(select_cdb(0x10, 6), zeros(6)), 5, LIST_LENGTH)
    check_good(g:command(select_cdb(0x10, 0)), 0)
  end)
end

scsi_case("flush", { "VST-REQ-053" }, "Flushes, FUA, stops and verifies are done.", function(host, rg)
  local g = raw.up(host, rg)
  check_good(g:output(raw.write10(0, 1, 8), pattern(512, 5)), 512)
  check_good(g:output(raw.write16(1, 1, 8), pattern(512, 6)), 512)
  check_good(g:command(u8(0x35) .. zeros(9)), 0)
  check_good(g:command(u8(0x91) .. zeros(15)), 0)
  check_good(g:command(u8(0x1b) .. zeros(3) .. u8(1) .. u8(0)), 0)
  check_good(g:command(u8(0x1b) .. zeros(5)), 0)
  check_sense(g:command(u8(0x1b) .. u8(1) .. zeros(4)), 5, BAD_CDB)
  check_good(g:command(u8(0x2f) .. u8(0) .. be32(0) .. u8(0) .. be16(4) .. u8(0)), 0)
  check_sense(g:command(u8(0x2f) .. u8(0) .. be32(2047) .. u8(0) .. be16(2) .. u8(0)), 5, BAD_LBA)
  check_eq(g.units[1]:read(0, 1024), pattern(512, 5) .. pattern(512, 6), "medium")
end)

scsi_case("unmap", { "VST-REQ-054", "VST-SEC-09" }, "UNMAP gives blocks up; every contradiction in its list is refused and changes nothing.", function(host, rg)
  local g = raw.up(host, rg, { units = { { size = 1 << 20, max_unmapped = 4 } } })
  local function cdb(n) return u8(0x42) .. zeros(6) .. be16(n) .. u8(0) end
  local function list(items, head)
    local body = ""
    for _, i in ipairs(items) do body = body .. be64(i[1]) .. be32(i[2]) .. zeros(4) end
    return (head or be16(#body + 6) .. be16(#body)) .. zeros(4) .. body
  end
  g.units[1]:write(0, string.rep("\x77", 65536))
  local one = list { { 1, 2 } }
  check_good(g:output(cdb(#one), one))
  check_eq(g.units[1]:read(0, 2048), string.rep("\x77", 512) .. zeros(1024) .. string.rep("\x77", 512), "medium")
  local before = g.units[1]:read(0, 65536)
  local bad_length = list({ { 4, 1 } }, be16(21) .. be16(16))
  check_sense(g:output(cdb(#bad_length), bad_length), 5, BAD_CDB)
  local bad_items = list({ { 4, 1 } }, be16(22) .. be16(15))
  check_sense(g:output(cdb(#bad_items), bad_items), 5, BAD_CDB)
  check_sense(g:output(cdb(#one + 1), one), 5, BAD_CDB)
  check_sense(g:output(cdb(4), zeros(4)), 5, BAD_CDB)
  local outside = list { { 4, 1 }, { 2047, 2 } }
  check_sense(g:output(cdb(#outside), outside), 5, BAD_LBA)
  local wraps = list { { -1, 0xffffffff } }
  check_sense(g:output(cdb(#wraps), wraps), 5, BAD_LBA)
  local many = list { { 4, 1 }, { 5, 1 }, { 6, 1 }, { 7, 1 }, { 8, 1 } }
  check_sense(g:output(cdb(#many), many), 5, BAD_LIST)
  check_eq(g.units[1]:read(0, 65536), before, "nothing was given up")
  local none = list { { 4, 0 } }
  check_good(g:output(cdb(#none), none))
  check_good(g:output(cdb(8), list {}))
  check_eq(g.units[1]:read(0, 65536), before, "no blocks, no change")
end)

scsi_case("unmap-4096", { "VST-REQ-054", "VST-SEC-09" }, "4095 descriptors are taken at once.", function(host, rg)
  local g = raw.up(host, rg)
  local body = string.rep(be64(0) .. be32(0) .. zeros(4), 4095)
  local all = be16(#body + 6) .. be16(#body) .. zeros(4) .. body
  check_good(g:output(u8(0x42) .. zeros(6) .. be16(#all) .. u8(0), all))
  g = nil
end)

scsi_case("unmap-not-offered", { "VST-REQ-046" }, "A disk without UNMAP refuses it.", function(host, rg)
  local g = raw.up(host, rg, { units = { { size = 1 << 20, no_unmap = true } } })
  check_sense(g:output(u8(0x42) .. zeros(6) .. be16(8) .. u8(0), be16(6) .. be16(0) .. zeros(4)), 5, BAD_CDB)
end)

scsi_case("write-same", { "VST-REQ-055", "VST-SEC-09" }, "One block fills a range, up to 8 MiB.", function(host, rg)
  local g = raw.up(host, rg, { units = { { size = 1 << 26 } } })
  local function same16(lba, n) return u8(0x93) .. u8(0) .. be64(lba) .. be32(n) .. u16(0) end
  local block = pattern(512, 8)
  check_good(g:output(same16(3, 16), block))
  check_eq(g.units[1]:read(512, 512 * 20), zeros(1024) .. string.rep(block, 16) .. zeros(1024), "medium")
  check_good(g:output(u8(0x41) .. u8(0) .. be32(40) .. u8(0) .. be16(2) .. u8(0), block))
  check_eq(g.units[1]:read(40 * 512, 1536), block .. block .. zeros(512), "medium")
  check_good(g:output(same16(0, 16384), block))
  check_sense(g:output(same16(0, 16385), block), 5, BAD_LBA)
  check_sense(g:output(same16(131071, 2), block), 5, BAD_LBA)
  check_sense(g:output(same16(0, 1), block:sub(1, 511)), 5, BAD_CDB)
end)

-- Sense ---------------------------------------------------------------------------------

scsi_case("bad-opcodes", { "VST-REQ-037", "VST-REQ-038", "VST-REQ-056", "VST-SEC-11" }, "A command that is not there is refused with sense data in place.", function(host, rg)
  local g = raw.up(host, rg)
  for _, opcode in ipairs { 0xa3, 0x85, 0xa1, 0x24, 0xff, 0x01, 0x43 } do
    local r = g:command(u8(opcode) .. zeros(11))
    check_sense(r, 5, BAD_OPCODE, 6)
    check_eq(r.packet:sub(29, 46), r.sense:sub(1, 18), "place of the sense data")
    check_eq(r.packet:sub(47), zeros(#r.packet - 46), "nothing behind it")
  end
end)

scsi_case("sense-of-old-versions", { "VST-REQ-069" }, "At 4.2 the answer has 48 bytes, sense data included.", function(host, rg)
  local g = raw.up(host, rg, nil, 0x402)
  local r = g:command(u8(0xff) .. zeros(5))
  check_sense(r, 5, BAD_OPCODE)
  check_eq(#r.packet, 48, "size")
end)

scsi_case("request-sense", { "VST-REQ-037" }, "The last sense data can be asked for, once.", function(host, rg)
  local g = raw.up(host, rg)
  check_sense(g:command(u8(0xff) .. zeros(5)), 5, BAD_OPCODE)
  local cdb = u8(3) .. zeros(3) .. u8(18) .. u8(0)
  local r, d = g:input(cdb, 18)
  check_good(r, 18)
  check_eq(d:byte(3), 5, "key")
  r, d = g:input(cdb, 18)
  check_good(r, 18)
  check_eq(d:byte(3), 0, "key, the second time")
  check_sense((g:input(u8(3) .. zeros(3) .. u8(7) .. u8(0), 18)), 5, BAD_CDB)
end)

scsi_case("resize", { "VST-REQ-058" }, "A new size is told once, to a command that is no INQUIRY.", function(host, rg)
  local g = raw.up(host, rg)
  g.units[1]:medium(2 << 20)
  check_good((g:input(raw.inquiry(36), 36)), 36)
  check_sense(g:command(raw.test_unit_ready), 6, 0x2a09, 4)
  check_good(g:command(raw.test_unit_ready))
  check_good((g:input(raw.read10(4095, 1), 512)), 512)
  g.units[1]:medium(1 << 20)
  local r, d = g:input(u8(3) .. zeros(3) .. u8(18) .. u8(0), 18)
  check_good(r, 18)
  check_eq(d:byte(3), 6, "told as data")
  check_good(g:command(raw.test_unit_ready))
  check_sense((g:input(raw.read10(4095, 1), 512)), 5, BAD_LBA)
end)

scsi_case("injected", { "VST-REQ-037", "VST-SEC-11" }, "Any command can be made to fail or to wait, so often as is said.", function(host, rg)
  local g = raw.up(host, rg)
  g.c:fault { opcode = 0x28, skip = 1, count = 2, fail = true, srb_status = 4, scsi_status = 2, key = 3, asc = 0x11 }
  check_good((g:input(raw.read10(0, 1), 512)), 512)
  for _ = 1, 2 do check_sense((g:input(raw.read10(0, 1), 512)), 3, 0x1100, 4) end
  check_good((g:input(raw.read10(0, 1), 512)), 512)
  g.c:fault { any_opcode = true, count = 1, delay = "5s", fail = true, srb_status = 9 }
  local id = g:submit(raw.test_unit_ready)
  g.ring:expect_no_packet "4s"
  local r = g:result(id, { timeout = "2s" })
  check_eq(r.srb, 9, "timeout")
  check_eq(r.status, 0xc00000b5, "io_timeout")
  g:alive()
end)

-- Reservations --------------------------------------------------------------------------

local function reserve_out(g, action, key, fresh, kind)
  return g:output(u8(0x5f) .. u8(action) .. u8(kind or 0) .. u16(0) .. be32(24) .. u8(0), be64(key) .. be64(fresh) .. zeros(8))
end
local function keys(g)
  local r, d = g:input(u8(0x5e) .. u8(0) .. zeros(5) .. be16(64) .. u8(0), 64)
  check_good(r)
  local list = {}
  for i = 1, get32(d, 4) // 8 do list[i] = get64(d, 8 * i) end
  return list
end
local function check_conflict(r)
  check_eq(r.scsi, 0x18, "RESERVATION CONFLICT")
  check_eq(r.autosense, false, "no sense data")
end

-- Two controllers with one disk: two members of a cluster.
local function cluster(host, rg)
  local a = raw.up(host, rg)
  local b = setmetatable({ host = host, rg = rg, id = 0x9000, size = 64, units = {} }, getmetatable(a))
  b.c = host:storage { kind = "fc" }
  check_eq(b.c:attach(a.units[1]), "OK", "attach")
  host:run_for "1ms"
  b.ring = rg:open(b.c, { tx_pages = 4, rx_pages = 4 })
  b:begin()
  b:query_version(0x602)
  b:properties()
  b:finish()
  return a, b
end

scsi_case("reserve-exclusive", { "VST-REQ-057" }, "Who holds a reservation writes, others are told of the conflict.", function(host, rg)
  local a, b = cluster(host, rg)
  check_good(reserve_out(a, 0, 0, 0xaaaa))
  check_good(reserve_out(b, 0, 0, 0xbbbb))
  check_eq(#keys(a), 2, "registrants")
  check_good(reserve_out(a, 1, 0xaaaa, 0, 1))
  check_good(a:output(raw.write10(0, 1), pattern(512, 1)), 512)
  check_conflict(b:output(raw.write10(0, 1), pattern(512, 2)))
  check_good((b:input(raw.read10(0, 1), 512)), 512)
  check_good(b:command(raw.test_unit_ready))
  check_conflict(reserve_out(b, 1, 0xbbbb, 0, 1))
  check_good(reserve_out(a, 2, 0xaaaa, 0, 1))
  check_good(b:output(raw.write10(0, 1), pattern(512, 2)), 512)
  check_good(reserve_out(b, 1, 0xbbbb, 0, 3))
  check_conflict((a:input(raw.read10(0, 1), 512)))
  check_conflict(a:command(raw.read10(0, 0)))
  check_good((a:input(raw.inquiry(36), 36)), 36)
end)

scsi_case("reserve-registrants", { "VST-REQ-057" }, "A reservation for registrants lets them all write.", function(host, rg)
  local a, b = cluster(host, rg)
  check_good(reserve_out(a, 0, 0, 0xaaaa))
  check_good(reserve_out(a, 1, 0xaaaa, 0, 5))
  check_conflict(b:output(raw.write10(0, 1), pattern(512, 2)))
  check_good(reserve_out(b, 6, 0, 0xbbbb))
  check_good(b:output(raw.write10(0, 1), pattern(512, 2)), 512)
  local r, d = a:input(u8(0x5e) .. u8(1) .. zeros(5) .. be16(64) .. u8(0), 64)
  check_good(r, 24)
  check_eq(get64(d, 8), 0xaaaa, "key of the holder")
  check_eq(d:byte(22), 5, "type")
end)

scsi_case("reserve-preempt", { "VST-REQ-057" }, "A registrant can take the place of a dead one.", function(host, rg)
  local a, b = cluster(host, rg)
  reserve_out(a, 0, 0, 0xaaaa)
  reserve_out(a, 1, 0xaaaa, 0, 1)
  reserve_out(b, 0, 0, 0xbbbb)
  check_good(reserve_out(b, 4, 0xbbbb, 0xaaaa, 1))
  check_eq(#keys(b), 1, "registrants")
  check_good(b:output(raw.write10(0, 1), pattern(512, 2)), 512)
  check_conflict(a:output(raw.write10(0, 1), pattern(512, 1)))
  check_conflict(reserve_out(a, 1, 0xaaaa, 0, 1))
  check_good(reserve_out(b, 3, 0xbbbb, 0))
  check_eq(#keys(b), 0, "registrants after a clear")
  check_good(a:output(raw.write10(0, 1), pattern(512, 1)), 512)
end)

scsi_case("reserve-refused", { "VST-REQ-057", "VST-SEC-09" }, "Reservations that contradict themselves are refused.", function(host, rg)
  local g = raw.up(host, rg)
  check_conflict(reserve_out(g, 0, 0x1234, 0xaaaa))
  check_conflict(reserve_out(g, 1, 0, 0, 1))
  check_good(reserve_out(g, 0, 0, 0xaaaa))
  check_sense(reserve_out(g, 1, 0xaaaa, 0, 0), 5, BAD_CDB)
  check_sense(reserve_out(g, 1, 0xaaaa, 0, 0x11), 5, BAD_CDB)
  check_sense(reserve_out(g, 7, 0xaaaa, 0, 1), 5, BAD_CDB)
  check_sense(g:output(u8(0x5f) .. u8(0) .. u8(0) .. u16(0) .. be32(23) .. u8(0), zeros(24)), 5, LIST_LENGTH)
  check_sense(g:output(u8(0x5f) .. u8(0) .. u8(0) .. u16(0) .. be32(24) .. u8(0), zeros(20) .. u8(8) .. zeros(3)), 5, BAD_LIST)
  check_sense((g:input(u8(0x5e) .. u8(9) .. zeros(5) .. be16(64), 64)), 5, BAD_CDB)
  local r, d = g:input(u8(0x5e) .. u8(2) .. zeros(5) .. be16(8) .. u8(0), 8)
  check_good(r, 8)
  check_eq(get16(d, 0), 8, "length of the capabilities")
end)

-- DVD -----------------------------------------------------------------------------------

scsi_case("dvd", { "VST-REQ-039" }, "A drive with and without a medium.", function(host, rg)
  local g = raw.up(host, rg, { units = { { dvd = true, size = 1 << 20 } } })
  local r, d = g:input(raw.inquiry(36), 36)
  check_good(r, 36)
  check_eq(d:byte(1), 5, "type")
  check_eq(d:byte(2), 0x80, "removable")
  check_eq(d:sub(17, 32), "Virtual DVD-ROM ", "product")
  r, d = g:input(u8(0x25) .. zeros(9), 8)
  check_eq(get32(d, 4), 2048, "block size")
  check_good((g:input(raw.read10(511, 1), 2048)), 2048)
  check_sense(g:output(raw.write10(0, 1), zeros(2048)), 5, BAD_OPCODE, 4)
  check_good(g:command(u8(0x1e) .. zeros(3) .. u8(1) .. u8(0)))
  check_sense(g:command(u8(0x1b) .. zeros(3) .. u8(2) .. u8(0)), 5, 0x5302)
  check_good(g:command(u8(0x1e) .. zeros(5)))
  check_good(g:command(u8(0x1b) .. zeros(3) .. u8(2) .. u8(0)))
  check_sense(g:command(raw.test_unit_ready), 2, 0x3a02)
  check_good(g:command(u8(0x1b) .. zeros(3) .. u8(3) .. u8(0)))
  check_sense(g:command(raw.test_unit_ready), 2, 0x3a01)
  g.units[1]:medium(4096)
  check_good(g:command(raw.test_unit_ready))
  check_good((g:input(u8(0x43) .. zeros(6) .. be16(20) .. u8(0), 20)), 20)
  check_good((g:input(u8(0x4a) .. u8(1) .. zeros(5) .. be16(8) .. u8(0), 8)), 8)
  check_sense((g:input(u8(0x4a) .. zeros(6) .. be16(8) .. u8(0), 8)), 5, BAD_CDB)
end)
