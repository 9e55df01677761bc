-- Showing: what was read as a tree, and what is wrong with it as expert information.

local opcodes = ProtoField.uint8("roomwire.opcode", "Opcode", base.HEX, NAMES.Opcode)
local senders = ProtoField.string("roomwire.by", "Sent by")
local places = ProtoField.uint64("roomwire.seq", "Place in the room's order")
local rules = ProtoField.string("roomwire.refused.rule", "Rule of SPEC")
local codes = ProtoField.string("roomwire.refused.code", "Error")
local offsets = ProtoField.uint32("roomwire.refused.offset", "Offset")
local refused = ProtoExpert.new(
  "roomwire.refused", "A reader refuses this", expert.group.MALFORMED, expert.severity.ERROR)
local ignored = ProtoExpert.new(
  "roomwire.ignored", "Clients ignore this frame", expert.group.UNDECODED, expert.severity.NOTE)
local told = ProtoExpert.new(
  "roomwire.told", "The relay refuses something", expert.group.RESPONSE_CODE, expert.severity.WARN)
local partial = ProtoExpert.new(
  "roomwire.partial", "Not all bytes are here", expert.group.UNDECODED, expert.severity.NOTE)

wire.experts = { refused, ignored, told, partial }

local FIELDS = {}
local ALL_FIELDS = { opcodes, senders, places, rules, codes, offsets }

local MAKERS = { int = "uint64", bin = "bytes", bool = "bool" }

-- The name of a field to filter by, such as `roomwire.send.target`.
local function name_of(owner, field)
  return "roomwire." .. owner:lower() .. "." .. field.name
end

local function maker_of(kind)
  if kind.type == "any" and not (kind.of[1].type == "nil") then return maker_of(kind.of[1]) end
  if kind.type == "int" and kind.low < 0 then return "int64" end
  return MAKERS[kind.type] or "string"
end

local function declare(owner, fields)
  for _, field in ipairs(fields) do
    local name = name_of(owner, field)
    if not FIELDS[name] then
      FIELDS[name] = ProtoField[maker_of(field.type)](name, field.name)
      ALL_FIELDS[#ALL_FIELDS + 1] = FIELDS[name]
    end
  end
end

for _, frame in ipairs(GRAMMAR.frames) do declare(frame.name, frame.fields) end
for record, keys in pairs(GRAMMAR.records) do declare(record, keys) end
wire.fields = ALL_FIELDS

-- A whole number in digits: newer Lua would write a double as 7.0.
local function digits(number)
  return string.format("%.0f", number)
end

-- A value in words.
local function words(node)
  if node.kind == "int" then return digits(node.number) end
  if node.kind == "str" then return '"' .. node.text .. '"' end
  if node.kind == "bin" then return digits(node.number) .. " bytes" end
  if node.kind == "float" then return "float" end
  if node.kind == "map" then return "map of " .. digits(node.number) end
  if node.kind ~= "array" then return node.kind end
  local parts = {}
  for index = 1, math.min(#node.elements, 16) do parts[index] = words(node.elements[index]) end
  if #node.elements > 16 then parts[17] = "..." end
  return "[" .. table.concat(parts, ", ") .. "]"
end

local function range(tvb, node)
  return tvb(node.start, node.stop - node.start)
end

local function whole(number, maker)
  local low = number % 2 ^ 32
  local high = (number - low) / 2 ^ 32 % 2 ^ 32
  return maker == "int64" and Int64.new(low, high) or UInt64.new(low, high)
end

-- Adds a value under a name that can be filtered by; nil where the value does not fit that.
local function add_typed(tree, tvb, name, maker, node)
  local field = FIELDS[name]
  if maker == "string" then
    local text = node.kind == "str" and node.text or words(node)
    return tree:add(field, range(tvb, node), text)
  elseif maker == "bytes" and node.kind == "bin" and node.number > 0 then
    return tree:add(field, tvb(node.body, node.number))
  elseif maker == "bool" and (node.kind == "true" or node.kind == "false") then
    return tree:add(field, range(tvb, node), node.kind == "true")
  elseif maker == "uint64" and node.kind == "int" and node.number >= 0 then
    return tree:add(field, range(tvb, node), whole(node.number, maker))
  elseif maker == "int64" and node.kind == "int" then
    return tree:add(field, range(tvb, node), whole(node.number, maker))
  end
end

local show_record

local function show(tree, tvb, owner, field, node)
  local name, maker = name_of(owner, field), maker_of(field.type)
  local item = add_typed(tree, tvb, name, maker, node)
    or tree:add(range(tvb, node), field.name .. ": " .. words(node))
  local called = field.numbers and NAMES[field.numbers][node.number]
  if called and node.kind == "int" then item:append_text(" (" .. called .. ")") end
  if field.name == "seq" and node.kind == "int" and node.number >= 0 then
    tree:add(places, range(tvb, node), whole(node.number)):set_hidden()
  end
  local kind = field.type.type == "any" and choice_of(field.type, node) or field.type
  if kind.type == "record" and node.elements then show_record(item, tvb, kind.record, node) end
end

show_record = function(tree, tvb, record, node)
  local known = {}
  for _, key in ipairs(GRAMMAR.records[record]) do known[key.name] = key end
  for index = 1, #node.elements - 1, 2 do
    local key, held = node.elements[index], node.elements[index + 1]
    if known[key.text] then
      show(tree, tvb, record, known[key.text], held)
    else
      local both = tvb(key.start, held.stop - key.start)
      tree:add(both, "unknown key " .. words(key) .. ": " .. words(held))
    end
  end
end

local function show_fields(tree, tvb, reading)
  local root = reading.roots[1]
  for index = 2, root and #root.elements or 0 do
    local field = reading.frame and reading.frame.fields[index - 1]
    local node = root.elements[index]
    if field then
      show(tree, tvb, reading.frame.name, field, node)
    else
      tree:add(range(tvb, node), "unknown field: " .. words(node))
    end
  end
end

local function show_refusal(tree, tvb, fault)
  local at = math.min(fault.offset, math.max(tvb:len() - 1, 0))
  local text = fault.code .. " at " .. digits(fault.offset) .. " (SPEC " .. fault.rule .. ")"
  if fault.expected then text = text .. ": expected " .. fault.expected end
  tree:add(codes, tvb(at, 1), fault.code)
  tree:add(offsets, tvb(at, 1), fault.offset)
  tree:add(rules, tvb(at, 1), fault.rule):add_proto_expert_info(refused, text)
end

-- Says what an ERROR refuses, or that an opcode is a newer relay's.
local function show_news(tree, reading)
  local elements = reading.roots[1].elements
  if not reading.frame then
    tree:add_proto_expert_info(ignored)
  elseif reading.frame.class == "Error" then
    local code = elements[3].number
    local name = NAMES.ErrorCode[code] or digits(code)
    tree:add_proto_expert_info(told, name .. ": " .. elements[4].text)
  end
end

local function title_of(reading)
  local opcode = reading.opcode
  if not opcode then return "no frame" end
  return NAMES.Opcode[opcode] or string.format("opcode 0x%02X", opcode)
end

local masked = Field.new("websocket.mask")

-- RFC 6455 section 5.3: a client masks what it sends, and a server does not.
local function sender()
  local found = masked()
  return found and found.value and "client" or "relay"
end

local function judged(tvb, by)
  local bytes = tvb:len() > 0 and tvb:raw(0, tvb:len()) or ""
  local reading = setmetatable({ bytes = bytes, at = 0, count = 0, roots = {} }, Reading)
  local is_good, fault = pcall(read, reading, by)
  if not is_good and type(fault) ~= "table" then error(fault, 0) end -- a bug of ours
  return reading, not is_good and fault or nil
end

function wire.dissector(tvb, pinfo, tree)
  local by = sender()
  local reading, fault = judged(tvb, by)
  local title = title_of(reading)
  pinfo.cols.protocol = "Roomwire"
  pinfo.cols.info:append(" " .. title .. (fault and " [" .. fault.code .. "] " or " "))
  pinfo.cols.info:fence() -- a packet may hold several messages: the next shall not replace this
  local top = tree:add(wire, tvb(), "Roomwire, " .. title)
  top:add(senders, by):set_generated()
  if reading.opcode then top:add(opcodes, tvb(1, 1)) end
  if tvb:len() < tvb:reported_len() then
    top:add_proto_expert_info(partial)
    show_fields(top, tvb, reading)
    return tvb:len()
  end
  show_fields(top, tvb, reading)
  if fault then show_refusal(top, tvb, fault) else show_news(top, reading) end
  return tvb:len()
end

-- SPEC 2.3: a client may offer no subprotocol. Then a message tells by itself what it is.
local function is_ours(tvb, pinfo, tree)
  if tvb:len() < 2 or tvb:len() < tvb:reported_len() then return false end
  local reading, fault = judged(tvb, sender())
  if fault or not reading.frame then return false end
  wire.dissector(tvb, pinfo, tree)
  return true
end

DissectorTable.get("ws.protocol"):add(GRAMMAR.subprotocol, wire)
wire:register_heuristic("ws", is_ours)
