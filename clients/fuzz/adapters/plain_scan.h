/* The structure of a message for plain.c: SPEC 3.2 and 3.3.3. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 4096, MAX_ELEMENTS = 1024, MAX_DEPTH = 16 };

/* What a node is. */
enum { NIL, BOOL, INT, FLOAT, STR, BIN, ARRAY, MAP };

typedef struct {
  int what;
  size_t at, body, length; /* its head, what follows the head, bytes or elements */
  int next;                /* the node after all that is in this one */
  int64_t number;          /* of a bool or an int */
  double real;
} Node;

static const uint8_t *data;
static size_t size;
static Node nodes[MAX_NODES + 1];
static int count;

/* The first error that was found. */
static const char *code;
static size_t blame;

static bool wrong(const char *name, size_t at) {
  code = name;
  blame = at;
  return false;
}

static uint64_t big_endian(size_t at, size_t width) {
  uint64_t number = 0;
  for (size_t i = 0; i < width; i++) number = number << 8 | data[at + i];
  return number;
}

/* Returns where the first ill-formed sequence of a text begins, or `end`. */
static size_t ill_formed(size_t at, size_t end) {
  while (at < end) {
    uint8_t byte = data[at], low = 0x80, high = 0xBF;
    size_t more = byte < 0x80 ? 0 : byte < 0xC2 ? 9 : byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    if (more == 9 || byte > 0xF4) return at;
    if (byte == 0xE0) low = 0xA0; /* nothing overlong */
    if (byte == 0xED) high = 0x9F; /* no surrogates */
    if (byte == 0xF0) low = 0x90;
    if (byte == 0xF4) high = 0x8F; /* nothing above U+10FFFF */
    if (more >= end - at) return at;
    for (size_t i = 1; i <= more; i++, low = 0x80, high = 0xBF)
      if (data[at + i] < low || data[at + i] > high) return at;
    at += more + 1;
  }
  return end;
}

static bool same_text(const Node *one, const Node *other) {
  return one->length == other->length && !memcmp(data + one->body, data + other->body, one->length);
}

static bool is_text(const Node *node, const char *text, size_t length) {
  return node->length == length && !memcmp(data + node->body, text, length);
}

static double float_of(uint64_t bits, size_t width) {
  uint32_t low = (uint32_t)bits;
  double real;
  float single;
  memcpy(&real, &bits, 8);
  memcpy(&single, &low, 4);
  return width == 8 ? real : single;
}

/* Reads a head. The width is that of the length or number after its first byte. */
static bool read_head(Node *node, bool is_key) {
  uint8_t head = data[node->at];
  static const uint8_t widths[] = {0, 0, 0, 0, 1, 2, 4, 0, 0, 0, 4, 8, 1, 2, 4, 8,
                                   1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4};
  size_t width = head >= 0xC0 && head < 0xE0 ? widths[head - 0xC0] : 0;
  bool is_ext = head == 0xC1 || (head >= 0xC7 && head <= 0xC9) || (head >= 0xD4 && head <= 0xD8);
  bool is_str = (head >= 0xA0 && head < 0xC0) || (head >= 0xD9 && head <= 0xDB);
  if (is_ext) return wrong("FORBIDDEN_TYPE", node->at);
  if (is_key && !is_str) return wrong("WRONG_TYPE", node->at);
  node->body = node->at + 1 + width;
  if (node->body > size) return wrong("TRUNCATED", size);
  uint64_t number = big_endian(node->at + 1, width);
  node->length = 0;
  node->what = INT;
  if (head < 0x80) node->number = head;
  else if (head >= 0xE0) node->number = (int64_t)head - 0x100;
  else if (head < 0x90) node->what = MAP, node->length = head & 15;
  else if (head < 0xA0) node->what = ARRAY, node->length = head & 15;
  else if (head < 0xC0) node->what = STR, node->length = head & 31;
  else if (head == 0xC0) node->what = NIL;
  else if (head <= 0xC3) node->what = BOOL, node->number = head == 0xC3;
  else if (head <= 0xC6) node->what = BIN, node->length = number;
  else if (head <= 0xCB) node->what = FLOAT, node->real = float_of(number, width);
  else if (head <= 0xCE) node->number = (int64_t)number;
  else if (head == 0xCF) {
    if (number > MAX_INT) return wrong("OUT_OF_RANGE", node->at);
    node->number = (int64_t)number;
  } else if (head <= 0xD3) {
    uint64_t sign = (uint64_t)1 << (8 * width - 1);
    node->number = (int64_t)((number ^ sign) - sign);
    if (node->number > MAX_INT || node->number < -MAX_INT) return wrong("OUT_OF_RANGE", node->at);
  } else if (head <= 0xDB) node->what = STR, node->length = number;
  else if (head <= 0xDD) node->what = ARRAY, node->length = number;
  else node->what = MAP, node->length = number;
  return true;
}

static size_t values_in(const Node *node) {
  return node->what == MAP ? 2 * node->length : node->what == ARRAY ? node->length : 0;
}

static bool check_claim(const Node *node, int depth) {
  bool is_container = node->what == ARRAY || node->what == MAP;
  if (is_container && node->length > MAX_ELEMENTS) return wrong("TOO_MANY", node->at);
  if (is_container && depth > MAX_DEPTH) return wrong("TOO_DEEP", node->at);
  size_t claimed = is_container ? values_in(node) : node->length;
  return claimed <= size - node->body || wrong("TRUNCATED", size);
}

/* Checks a key, and that none of the keys before it in its map, from node `first` on, is alike. */
static bool check_key(const Node *key, int first) {
  if (is_text(key, "__proto__", 9)) return wrong("FORBIDDEN_TYPE", key->at);
  for (int other = first; &nodes[other] < key; other = nodes[other + 1].next)
    if (same_text(&nodes[other], key)) return wrong("DUPLICATE_KEY", key->at);
  return true;
}

/* Scans one value and all that is in it; `at` is moved behind it. `map` is the node of the first
 * key of the map in which this one is a key, or -1. */
static bool scan(size_t *at, int depth, int map) {
  if (*at >= size) return wrong("TRUNCATED", size);
  if (count == MAX_NODES) return wrong("TOO_MANY", *at);
  Node *node = &nodes[count++];
  node->at = *at;
  if (!read_head(node, map >= 0) || !check_claim(node, depth)) return false;
  *at = node->body + (node->what == STR || node->what == BIN ? node->length : 0);
  if (node->what == STR) {
    size_t bad = ill_formed(node->body, *at);
    if (bad < *at) return wrong("BAD_UTF8", bad);
    if (map >= 0 && !check_key(node, map)) return false;
  }
  int first = count;
  for (size_t i = 0; i < values_in(node); i++)
    if (!scan(at, depth + 1, node->what == MAP && i % 2 == 0 ? first : -1)) return false;
  node->next = count;
  return true;
}

static bool scan_all(void) {
  size_t at = 0;
  count = 0;
  return scan(&at, 1, -1) && (at == size || wrong("TRAILING_BYTES", at));
}
