-- Reading: SPEC 3.3 step by step, as far as it goes. What was read before a fault is shown.

local wire = Proto("roomwire", "Roomwire")

local LIMITS = GRAMMAR.limits
local FORBIDDEN = "forbidden"

-- What each byte means as a head: what begins, how many bytes of length or number follow, the
-- length or number that it holds itself, and whether a number that follows has a sign.
local HEADS = {}

local function heads(first, last, kind, width, signed)
  for byte = first, last do
    HEADS[byte] = { kind = kind, width = width or 0, held = byte - first, signed = signed }
  end
end

heads(0x00, 0x7F, "int")
heads(0x80, 0x8F, "map")
heads(0x90, 0x9F, "array")
heads(0xA0, 0xBF, "str")
heads(0xC0, 0xC0, "nil")
heads(0xC1, 0xC1, FORBIDDEN)
heads(0xC2, 0xC2, "false")
heads(0xC3, 0xC3, "true")
heads(0xC7, 0xC9, FORBIDDEN)
heads(0xD4, 0xD8, FORBIDDEN)
heads(0xCA, 0xCA, "float", 4)
heads(0xCB, 0xCB, "float", 8)
heads(0xE0, 0xFF, "int")
for step = 0, 3 do
  heads(0xCC + step, 0xCC + step, "int", 2 ^ step)
  heads(0xD0 + step, 0xD0 + step, "int", 2 ^ step, true)
end
for step = 0, 2 do
  heads(0xC4 + step, 0xC4 + step, "bin", 2 ^ step)
  heads(0xD9 + step, 0xD9 + step, "str", 2 ^ step)
end
for step = 0, 1 do
  heads(0xDC + step, 0xDC + step, "array", 2 ^ (step + 1))
  heads(0xDE + step, 0xDE + step, "map", 2 ^ (step + 1))
end
for byte = 0xE0, 0xFF do
  HEADS[byte].held = byte - 0x100
end

local function refuse(rule, code, offset, expected)
  error({ rule = rule, code = code, offset = offset, expected = expected }, 0)
end

-- Numbers are doubles, in newer Lua too: whole within ±(2^53 - 1), and no overflow beyond. A sign is
-- taken first, so that nothing is rounded on the way.
local function big_endian(bytes, at, width, signed)
  local number = signed and bytes:byte(at + 1) >= 0x80 and -1.0 or 0.0
  for index = at + 1, at + width do
    number = number * 256 + bytes:byte(index)
  end
  return number
end

-- How long a sequence of UTF-8 is, and within which bounds its second byte lies, by its first byte.
local function sequence(first)
  if first < 0x80 then return 1 end
  if first < 0xC2 then return nil end
  if first < 0xE0 then return 2, 0x80, 0xBF end
  if first < 0xF0 then return 3, first == 0xE0 and 0xA0 or 0x80, first == 0xED and 0x9F or 0xBF end
  if first < 0xF5 then return 4, first == 0xF0 and 0x90 or 0x80, first == 0xF4 and 0x8F or 0xBF end
  return nil
end

local function check_utf8(bytes, at, stop)
  while at < stop do
    local length, low, high = sequence(bytes:byte(at + 1))
    if not length or at + length > stop then
      refuse("3.3.3.8", "BAD_UTF8", at)
    end
    for index = 1, length - 1 do
      local byte = bytes:byte(at + index + 1)
      if byte < low or byte > high then
        refuse("3.3.3.8", "BAD_UTF8", at)
      end
      low, high = 0x80, 0xBF
    end
    at = at + length
  end
end

local Reading = {}
Reading.__index = Reading

-- Reads a value, and appends it to those of its container before it reads what is inside.
function Reading:value(siblings, depth, is_key)
  local start, size = self.at, #self.bytes
  if start >= size then refuse("3.3.3.1", "TRUNCATED", size) end
  self.count = self.count + 1
  if self.count > LIMITS.MAX_NODES then refuse("3.3.3.2", "TOO_MANY", start) end
  local head = HEADS[self.bytes:byte(start + 1)]
  if head.kind == FORBIDDEN then refuse("3.3.3.3", "FORBIDDEN_TYPE", start) end
  if is_key and head.kind ~= "str" then refuse("3.3.3.3", "WRONG_TYPE", start, "str") end
  local body = start + 1 + head.width
  if body > size then refuse("3.3.3.4", "TRUNCATED", size) end
  local node = { kind = head.kind, start = start, body = body, stop = body, number = head.held }
  if head.width > 0 then
    node.number = big_endian(self.bytes, start + 1, head.width, head.signed)
  end
  if node.kind == "int" and math.abs(node.number) > LIMITS.MAX_INT then
    refuse("3.3.3.5", "OUT_OF_RANGE", start)
  end
  self.at = body
  if node.kind == "array" or node.kind == "map" then
    self:container(node, siblings, depth)
  else
    if node.kind == "str" or node.kind == "bin" then self:text_or_bytes(node) end
    siblings[#siblings + 1] = node
  end
  node.stop = self.at
  return node
end

function Reading:text_or_bytes(node)
  local stop = node.body + node.number
  if stop > #self.bytes then refuse("3.3.3.7", "TRUNCATED", #self.bytes) end
  if node.kind == "str" then check_utf8(self.bytes, node.body, stop) end
  node.text = self.bytes:sub(node.body + 1, stop)
  self.at = stop
end

function Reading:container(node, siblings, depth)
  local many = node.number
  if many > LIMITS.MAX_ELEMENTS then refuse("3.3.3.6", "TOO_MANY", node.start) end
  if depth >= LIMITS.MAX_DEPTH then refuse("3.3.3.6", "TOO_DEEP", node.start) end
  local values = node.kind == "map" and 2 * many or many
  if values > #self.bytes - self.at then refuse("3.3.3.7", "TRUNCATED", #self.bytes) end
  node.elements = {}
  node.stop = #self.bytes
  siblings[#siblings + 1] = node
  local seen = {}
  for _ = 1, many do
    if node.kind == "map" then
      local key = self:value(node.elements, depth + 1, true)
      if key.text == "__proto__" then refuse("3.3.3.9", "FORBIDDEN_TYPE", key.start) end
      if seen[key.text] then refuse("3.3.3.9", "DUPLICATE_KEY", key.start) end
      seen[key.text] = true
    end
    self:value(node.elements, depth + 1, false)
  end
end

-- Fields.

local FRAMES = { client = {}, relay = {} }
local NAMES = {}

for _, frame in ipairs(GRAMMAR.frames) do
  FRAMES[frame.by][frame.opcode] = frame
end
for enum, members in pairs(GRAMMAR.numbers) do
  NAMES[enum] = {}
  for name, number in pairs(members) do
    NAMES[enum][number] = name
  end
end

local KINDS = { int = "int", str = "str", word = "str", bin = "bin" }
KINDS.array, KINDS.tuple, KINDS.map, KINDS.record = "array", "array", "map", "map"

-- Whether a value is of a type, whatever its bounds are.
local function is_of(kind, node)
  if kind.type == "bool" then return node.kind == "true" or node.kind == "false" end
  return (KINDS[kind.type] or kind.type) == node.kind
end

local function choice_of(kind, node)
  for _, choice in ipairs(kind.of) do
    if is_of(choice, node) then return choice end
  end
end

local function among(words, text)
  for _, word in ipairs(words) do
    if word == text then return true end
  end
  return false
end

local function value_of(node, name)
  for index = 1, #node.elements - 1, 2 do
    if node.elements[index].text == name then return node.elements[index + 1] end
  end
end

local check

local function check_inside(kind, node)
  local elements = node.elements
  if kind.type == "array" then
    for _, element in ipairs(elements) do check(kind.of, element) end
  elseif kind.type == "tuple" then
    for index, element in ipairs(elements) do check(kind.of[index], element) end
  elseif kind.type == "map" then
    for index = 1, #elements, 2 do
      check(kind.keys, elements[index])
      check(kind.values, elements[index + 1])
    end
  elseif kind.type == "record" then
    for _, key in ipairs(GRAMMAR.records[kind.record]) do
      local held = value_of(node, key.name)
      if held then
        check(key.type, held)
      elseif key.required then
        refuse("3.3.7.3", "WRONG_TYPE", node.start, "map with key " .. key.name)
      end
    end
  end
end

-- SPEC 3.3.7.
check = function(kind, node)
  if kind.type == "any" then
    local choice = choice_of(kind, node)
    if not choice then refuse("3.3.7.1", "WRONG_TYPE", node.start, kind.expected) end
    return check(choice, node)
  end
  if not is_of(kind, node) then refuse("3.3.7.1", "WRONG_TYPE", node.start, kind.expected) end
  local outside = kind.low and (node.number < kind.low or node.number > kind.high)
  if outside or (kind.words and not among(kind.words, node.text)) then
    refuse("3.3.7.1", "OUT_OF_RANGE", node.start, kind.expected)
  end
  if kind.most and node.number > kind.most then
    refuse("3.3.7.1", "TOO_MANY", node.start, kind.expected)
  end
  if kind.type == "tuple" and node.number ~= #kind.of then
    refuse("3.3.7.2", "WRONG_TYPE", node.start, kind.expected)
  end
  check_inside(kind, node)
end

local function check_opcode(opcode, by)
  if by == "relay" then return end
  local code = FRAMES.relay[opcode] and "WRONG_DIRECTION" or "UNKNOWN_OPCODE"
  refuse("3.3.5", code, 1)
end

-- Reads a whole message into `reading`, and raises the first rule that it breaks.
local function read(reading, by)
  local bytes = reading.bytes
  if #bytes < 2 then refuse("3.3.2", "TRUNCATED", #bytes) end
  if bytes:byte(1) < 0x91 or bytes:byte(1) > 0x9F then refuse("3.3.2", "NOT_A_FRAME", 0) end
  if bytes:byte(2) > 0x7F then refuse("3.3.2", "NOT_A_FRAME", 1) end
  reading.opcode = bytes:byte(2)
  reading.frame = FRAMES[by][reading.opcode]
  reading:value(reading.roots, 0, false)
  if reading.at < #bytes then refuse("3.3.4", "TRAILING_BYTES", reading.at) end
  if not reading.frame then return check_opcode(reading.opcode, by) end
  local held, known = #reading.roots[1].elements - 1, #reading.frame.fields
  if held < known or (by == "client" and held > known) then
    refuse("3.3.6", "ARITY", 0, known .. " fields")
  end
  for index, field in ipairs(reading.frame.fields) do
    check(field.type, reading.roots[1].elements[index + 1])
  end
end
