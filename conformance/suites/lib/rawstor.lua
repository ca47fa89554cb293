-- SPDX-License-Identifier: BSD-2-Clause
-- A guest of a storage controller that keeps no rule, against the mock host's own (side = "host").
local raw = {}
local Guest = {}
Guest.__index = Guest

raw.versions = { 0x602, 0x600, 0x501, 0x402, 0x200 }
raw.MISMATCH, raw.BAD_STATE, raw.BAD_PARAMETER = 0xc0000059, 0xc0000184, 0xc000000d
raw.NO_DEVICE = 0xc00000c0

-- Big-endian numbers, as SCSI has them
function raw.be16(v) return string.pack(">I2", v) end
function raw.be32(v) return string.pack(">I4", v) end
function raw.be64(v) return string.pack(">I8", v) end
local be16, be32, be64 = raw.be16, raw.be32, raw.be64

-- Connect, offer the controller, open its channel. cfg: as host:storage; cfg.units: a list of
-- units, each { path, target, lun, size, ... }, a disk of 1 MiB at 0/0/0 if there is none
function raw.open(host, rg, cfg)
  cfg = cfg or {}
  local g = setmetatable({ host = host, rg = rg, id = 0x1000, size = 64, units = {} }, Guest)
  g.c = host:storage(cfg)
  for _, u in ipairs(cfg.units or { { size = 1 << 20 } }) do g.units[#g.units + 1] = g:plug(u) end
  rg:online()
  g.ring = rg:open(g.c, { tx_pages = 8, rx_pages = 8 })
  return g
end

function Guest:plug(u)
  local unit = self.host:unit(u)
  check_eq(self.c:attach(unit, u), "OK", "attach")
  return unit
end

-- A packet: operation, payload; opts: id, flags, type, extra, size (of the packet), ring, quiet
-- (the host is not told)
function Guest:request(operation, payload, opts)
  opts = opts or {}
  self.id = self.id + 1
  local id = opts.id or self.id
  local bytes = u32(operation) .. u32(1) .. u32(0) .. (payload or "")
  local size = opts.size or self.size
  if #bytes < size then bytes = bytes .. zeros(size - #bytes) end
  ;(opts.ring or self.ring):send({ type = opts.type or "inband", extra = opts.extra,
    flags = opts.flags or 1, id = id, payload = bytes:sub(1, size) }, { signal = not opts.quiet })
  return id
end

-- The completion of a request: status, payload, whole packet. Notices that come before are kept.
function Guest:answer(id, opts)
  opts = opts or {}
  local ring = opts.ring or self.ring
  self.notices = self.notices or {}
  while true do
    local k = ring:expect(nil, opts.timeout)
    ring:signal()
    if k.type == 11 then
      check_eq(k.id, id, "id of the completion")
      check_eq(get_u32(k.payload, 0), 1, "COMPLETE_IO")
      check_eq(get_u32(k.payload, 4), 0, "flags of an answer")
      return get_u32(k.payload, 8), k.payload:sub(13), k.payload
    end
    self.notices[#self.notices + 1] = k
  end
end

function Guest:ask(operation, payload, opts)
  return self:answer(self:request(operation, payload, opts), opts)
end

function Guest:begin() check_eq(self:ask(7), 0, "BEGIN_INITIALIZATION") end

function Guest:query_version(v)
  local status, payload = self:ask(9, u16(v) .. u16(0))
  if status == 0 then self.version, self.size = v, v >= 0x501 and 64 or 48 end
  return status, payload
end

function Guest:properties()
  local status, p = self:ask(10)
  check_eq(status, 0, "QUERY_PROPERTIES")
  return { subs = get_u16(p, 4), flags = get_u32(p, 8), max_transfer = get_u32(p, 12), bytes = p }
end

function Guest:finish() check_eq(self:ask(8), 0, "END_INITIALIZATION") end

-- The whole conversation
function raw.up(host, rg, cfg, version)
  local g = raw.open(host, rg, cfg)
  g:begin()
  check_eq(g:query_version(version or 0x602), 0, "version")
  g.props = g:properties()
  g:finish()
  return g
end

-- Memory for data: n bytes from `offset` in the first page
function Guest:buffer(n, offset)
  offset = offset or 0
  local memory = self.rg:alloc((offset + n + 4095) // 4096)
  return { memory = memory, offset = offset, n = n,
           write = function(b, bytes, at) b.memory:write(b.offset + (at or 0), bytes) end,
           read = function(b, at, len) return b.memory:read(b.offset + (at or 0), len or b.n) end }
end

-- The extra header of a GPA-direct packet with such buffers; opts: count (lies)
function raw.ranges(buffers, opts)
  local parts = {}
  for _, b in ipairs(buffers) do
    parts[#parts + 1] = u32(b.n) .. u32(b.offset)
    for _, pfn in ipairs(b.memory.pfns) do parts[#parts + 1] = u64(pfn) end
  end
  return u32(0) .. u32(opts and opts.count or #buffers) .. table.concat(parts)
end

-- An SRB; s: cdb, data_in, length (of the data), path, target, lun, and any of length_field,
-- sense_length, flags, cdb_length
function raw.srb(s)
  local cdb = s.cdb .. zeros(16 - #s.cdb)
  return u16(s.length_field or 52) .. u8(0) .. u8(0) .. u8(0) .. u8(s.path or 0) .. u8(s.target or 0)
    .. u8(s.lun or 0) .. u8(s.cdb_length or #s.cdb) .. u8(s.sense_length or 20) .. u8(s.data_in or 2)
    .. u8(0) .. u32(s.length or 0) .. cdb .. zeros(4)
    .. u16(0) .. u8(0xff) .. u8(0x20) .. u32(s.flags or 8) .. u32(60) .. u32(0)
end

local function result(status, p, packet)
  return { status = status, srb = p:byte(3) & 0x3f, autosense = p:byte(3) & 0x80 ~= 0,
           scsi = p:byte(4), sense_length = p:byte(10), moved = get_u32(p, 12),
           sense = p:sub(17, 36), payload = p, packet = packet }
end

-- Submit: with data as a GPA-direct packet. opts: buffer, extra, ring, and those of an SRB
function Guest:submit(cdb, opts)
  opts = opts or {}
  local s = { cdb = cdb }
  for k, v in pairs(opts) do s[k] = v end
  local b = opts.buffer
  if b then s.length = opts.length or b.n end
  return self:request(3, raw.srb(s), { ring = opts.ring, id = opts.id, size = opts.size, quiet = opts.quiet,
    type = b and "gpa_direct" or "inband", extra = opts.extra or (b and raw.ranges { b }) })
end

function Guest:result(id, opts) return result(self:answer(id, opts)) end

-- A command without data
function Guest:command(cdb, opts) return self:result(self:submit(cdb, opts), opts) end

-- Data from the device: result, bytes
function Guest:input(cdb, n, opts)
  local o = { data_in = 1, buffer = self:buffer(n, opts and opts.offset) }
  for k, v in pairs(opts or {}) do if k ~= "offset" then o[k] = v end end
  o.buffer:write(string.rep("\xee", n))
  local r = self:result(self:submit(cdb, o), o)
  r.data = o.buffer:read(0, n)
  return r, r.data
end

-- Data to the device
function Guest:output(cdb, bytes, opts)
  local o = { data_in = 0, buffer = self:buffer(#bytes, opts and opts.offset) }
  for k, v in pairs(opts or {}) do if k ~= "offset" then o[k] = v end end
  o.buffer:write(bytes)
  return self:result(self:submit(cdb, o), o)
end

-- CDBs
function raw.read10(lba, blocks) return u8(0x28) .. u8(0) .. be32(lba) .. u8(0) .. be16(blocks) .. u8(0) end
function raw.write10(lba, blocks, bits)
  return u8(0x2a) .. u8(bits or 0) .. be32(lba) .. u8(0) .. be16(blocks) .. u8(0)
end
function raw.read16(lba, blocks) return u8(0x88) .. u8(0) .. be64(lba) .. be32(blocks) .. u16(0) end
function raw.write16(lba, blocks, bits)
  return u8(0x8a) .. u8(bits or 0) .. be64(lba) .. be32(blocks) .. u16(0)
end
function raw.inquiry(n, page) return u8(0x12) .. u8(page and 1 or 0) .. u8(page or 0) .. be16(n) .. u8(0) end
raw.test_unit_ready = string.rep("\0", 6)

function raw.check_good(r, moved)
  check_eq(r.srb, 1, "SRB status")
  check_eq(r.scsi, 0, "SCSI status")
  check_eq(r.status, 0, "status")
  if moved then check_eq(r.moved, moved, "bytes moved") end
end

-- want: key, code (asc << 8 | ascq), srb
function raw.check_sense(r, key, code, srb)
  check_eq(r.scsi, 2, "CHECK CONDITION")
  check_eq(r.autosense, true, "autosense is valid")
  if srb then check_eq(r.srb, srb, "SRB status") end
  check_eq(r.moved, 0, "bytes moved")
  check_eq(r.sense:byte(1), 0x70, "response code")
  check_eq(r.sense:byte(3), key, "sense key")
  check_eq(string.format("%04x", r.sense:byte(13) << 8 | r.sense:byte(14)), string.format("%04x", code), "sense code")
  check_eq(r.sense:byte(8), 10, "additional length")
  check(r.sense_length <= 20, "no more sense data than the field has")
end

-- Nothing more is answered, and the host says why it stopped.
function Guest:expect_stopped()
  self.ring:expect_no_packet "100ms"
  check_eq(self.c:storage_info().state, "stopped", "state")
  check_ne(self.c:storage_info().reason, "", "reason")
end

-- It still works: one block out and in
function Guest:alive()
  raw.check_good(self:command(raw.test_unit_ready))
end

return raw
