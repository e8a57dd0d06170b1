-- Reads headers as the tables behind this text describe them: one table for each header, made from its declaration.

local SPACES = {  -- the dissector tables of Wireshark for our key spaces; other spaces get a table of their own
  ethertype = "ethertype", ip_protocol = "ip.proto", udp_port = "udp.port", tcp_port = "tcp.port",
  ppp_protocol = "ppp.protocol", llc_sap = "llc.dsap", mpls_label = "mpls.label",
}
local USER0 = (wtap_encaps or wtap).USER0
local truncated = {}  -- thrown where octets are missing, or a length contradicts the layout

local function table_of(space, proto)
  if space == "link_type" then return DissectorTable.get("wtap_encap") end
  local name = SPACES[space] or PREFIX .. space
  local found, dissectors = pcall(DissectorTable.get, name)
  if found and dissectors then return dissectors end
  if SPACES[space] or not proto then return nil end
  return DissectorTable.new(name, name, ftypes.UINT32, base.DEC, proto)
end

local function among(value, values)
  for _, other in ipairs(values) do
    if value == other then return true end
  end
  return false
end

local function holds(rule, values)  -- a rule names a field, its values, and whether it must not have them
  return among(values[rule.field] or -1, rule.values) ~= rule.negated
end

local function present(part, values)
  local when = part.when
  if not when then return true end
  if when.values then return holds(when, values) end
  for _, flag in ipairs(when.flags) do
    if values[flag] == 1 then return true end
  end
  return false
end

local function bits_of(tvb, bit, count)
  local first = math.floor(bit / 8)
  local octets = math.floor((bit + count - 1) / 8) - first + 1
  local value = tvb(first, octets):bitfield(bit % 8, count)
  return type(value) == "number" and value or value:tonumber()
end

local function number_of(tvb, field, first, octets, bit)
  if field.little then
    return octets <= 4 and tvb(first, octets):le_uint() or tvb(first, octets):le_uint64():tonumber()
  end
  return bits_of(tvb, bit, field.bits)
end

local function show(tree, field, range)
  if not tree then return end
  if field.wide then  -- bits of more than four octets, which no mask can take
    tree:add(field.proto, range, range:bitfield(field.wide, field.bits))
  elseif field.little then
    tree:add_le(field.proto, range)
  else
    tree:add(field.proto, range)
  end
end

local read

-- The first class that the octets can be: its constants agree, and it can be read.
local function element_at(field, tvb, pos, stop)
  for index, layout in ipairs(field.elements) do
    local done, after = pcall(read, layout, tvb, pos, stop, nil)
    if done then return layout, after end
    if after ~= truncated then error(after, 0) end
    if index == #field.elements then error(truncated, 0) end
  end
end

-- Reads a list of elements up to `stop`, or so many; gives where it ends.
local function read_list(field, tvb, pos, stop, tree, count, strict)
  local number = 0
  while count and number < count or not count and pos < stop do
    local found, layout, after = pcall(element_at, field, tvb, pos, stop)
    if not found then
      if layout ~= truncated or strict then error(layout, 0) end
      return pos
    end
    if after == pos then error(truncated, 0) end
    local subtree = tree and tree:add(field.proto, tvb(pos, after - pos))
    local _, values = read(layout, tvb, pos, stop, subtree)
    pos, number = after, number + 1
    if field.finish and values[field.kind_field] == field.finish then return pos end
  end
  if not count and field.until_end then error(truncated, 0) end
  return pos
end

local function end_of(field, values, pos, start, stop)
  local size = field.size
  local last = stop
  if size.by == "length" then
    local value = values[size.field]  -- a length that is absent gives no octets
    last = value and (size.from_start and start or pos) + size.unit * value + size.bias or pos
  elseif size.by == "pad" then
    last = pos + -(pos - start) % size.unit
  end
  if last < pos or last > stop then error(truncated, 0) end
  return last
end

-- Reads a header or an element between `start` and `stop`; gives where it ends, and its numbers by name.
function read(layout, tvb, start, stop, tree)
  local values, pos, list_end = {}, start, nil
  for _, part in ipairs(layout.parts) do
    if present(part, values) then
      if part.octets then
        if pos + part.octets > stop then error(truncated, 0) end
        for _, field in ipairs(part.fields) do
          local bit = pos * 8 + field.at
          local first = math.floor(bit / 8)
          local octets = math.floor((bit + field.bits - 1) / 8) - first + 1
          if field.number then
            local value = number_of(tvb, field, first, octets, bit)
            if field.const and value ~= field.const then error(truncated, 0) end
            values[field.name] = value
          end
          show(tree, field, tvb(first, octets))
        end
        pos = pos + part.octets
      else
        local field = part.fields[1]
        if field.size.by == "unparsed" then
          local last = list_end or stop
          if last > pos then show(tree, field, tvb(pos, last - pos)) end
          pos = last
        elseif field.elements then
          local counted = field.size.by == "count"
          local last = counted and stop or end_of(field, values, pos, start, stop)
          local count = counted and (values[field.size.field] or 0) + field.size.bias or nil
          list_end = last
          pos = read_list(field, tvb, pos, last, tree, count, field.strict)
        else
          local last = end_of(field, values, pos, start, stop)
          if last > pos then show(tree, field, tvb(pos, last - pos)) end
          pos = last
        end
      end
    end
  end
  return pos, values
end

local function accepts(layout, tvb)
  if #layout.accepts == 0 then return true end
  for _, conditions in ipairs(layout.accepts) do
    local all = true
    for _, asked in ipairs(conditions) do
      if asked.octets then
        all = all and tvb:len() >= asked.octets
      else
        all = all and tvb:len() * 8 >= asked.bit + asked.count and bits_of(tvb, asked.bit, asked.count) == asked.value
      end
    end
    if all then return true end
  end
  return false
end

local function hand_on(key, tvb, pinfo, tree)
  if tvb:len() == 0 then return end
  local dissectors = key and table_of(key.space)
  if key and key.space == "link_type" then
    if key.value == 1 then return Dissector.get("eth_withoutfcs"):call(tvb, pinfo, tree) end
    dissectors = nil
  end
  if dissectors and dissectors:try(key.value, tvb, pinfo, tree) > 0 then return end
  Dissector.get("data"):call(tvb, pinfo, tree)
end

-- What follows the header: its key and its octets, or the same header again.
local function following(layout, values, left)
  local next = layout.next
  if next.closed or next.offset and values[next.offset] ~= 0 then return nil, left end
  if next.again and values[next.again] == 0 then return "again", left end
  if not next.selector then return next.carried, left end
  local value = values[next.selector]
  if not value then return nil, left end
  for _, guard in ipairs(next.guards) do
    if not holds(guard, values) then return guard.carried and next.carried or nil, left end
  end
  if next.limit and value <= next.limit then return next.limit_key, math.min(left, value) end
  return { space = next.space, value = value }, left
end

local function dissect(layout, proto, tvb, pinfo, tree)
  if not accepts(layout, tvb) then return 0 end
  local done, pos, values = pcall(read, layout, tvb, 0, tvb:len(), nil)
  if not done then
    if pos ~= truncated then error(pos, 0) end
    return 0
  end
  pinfo.cols.protocol = layout.title
  local stop, extent = tvb:len(), layout.extent
  if extent and (not extent.unless or (values[extent.unless] or 0) == 0) then
    local value = values[extent.field]
    if value and not (value == 0 and extent.zero) then
      local last = value * extent.unit + extent.bias + (extent.from_start and 0 or pos)
      if last >= pos then stop = math.min(stop, last) end
    end
  end
  local subtree = tree:add(proto, tvb(0, pos))
  read(layout, tvb, 0, tvb:len(), subtree)
  local key, octets = following(layout, values, stop - pos)
  if key == "again" then
    dissect(layout, proto, tvb(pos):tvb(), pinfo, tree)
  else
    if octets > 0 then hand_on(key, tvb(pos, octets):tvb(), pinfo, tree) end
    if pos + octets < tvb:len() then hand_on(nil, tvb(pos + octets):tvb(), pinfo, tree) end
  end
  return tvb:len()
end

local MAKERS = {}
function MAKERS.bool(f) return ProtoField.bool(f.abbr, f.name, f.parent, nil, f.mask, f.doc) end
function MAKERS.bytes(f) return ProtoField.bytes(f.abbr, f.name, base.NONE, f.doc) end
function MAKERS.list(f) return ProtoField.none(f.abbr, f.name, f.doc) end
function MAKERS.mac(f) return ProtoField.ether(f.abbr, f.name, f.doc) end
function MAKERS.ipv4(f) return ProtoField.ipv4(f.abbr, f.name, f.doc) end
function MAKERS.ipv6(f) return ProtoField.ipv6(f.abbr, f.name, f.doc) end
function MAKERS.number(f)
  local shown = f.hexadecimal and base.HEX or base.DEC
  if f.octets > 4 then return ProtoField.uint64(f.abbr, f.name, shown, nil, nil, f.doc) end
  return ProtoField["uint" .. f.octets * 8](f.abbr, f.name, shown, f.names, f.mask, f.doc)
end

local function make_fields(layout, made)
  for _, part in ipairs(layout.parts) do
    for _, field in ipairs(part.fields) do
      field.proto = MAKERS[field.type](field)
      made[#made + 1] = field.proto
      for _, element in ipairs(field.elements or {}) do make_fields(element, made) end
    end
  end
end

local function declare(layout)
  local proto, made = Proto(layout.abbr, layout.title), {}
  make_fields(layout, made)
  proto.fields = made
  function proto.dissector(tvb, pinfo, tree) return dissect(layout, proto, tvb, pinfo, tree) end
  for _, key in ipairs(layout.keys) do
    local value = key.space == "link_type" and USER0 + key.value - 147 or key.value
    table_of(key.space, proto):add(value, proto)
  end
end
