/* A codec of the Roomwire wire in C, written from protocol/SPEC.md alone, as an adapter of
 * `relay fuzz codec`. It is slow, simple and complete. Build and try it:
 *
 *   cc -O2 -o plain plain.c && relay fuzz codec --against ./plain
 *
 * A message is scanned into nodes, in the order of the wire (`plain_scan.h`). A frame is then
 * checked against tables of frames and records (`plain_types.h`), and written anew from its nodes.
 * All three files are one program. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plain_types.h"
#include "plain_scan.h"

enum { HEAD = 5 }; /* bytes before an input: its reader, and its length */

/* ---- Fields: SPEC 3.3.7, 4, 5 and 6 ---- */

static bool check(const Type *type, int at);

static bool check_each(const Node *node, int at, const Type *type) {
  if (node->length > (size_t)type->high) return wrong("TOO_MANY", node->at);
  for (size_t i = 0; i < node->length; i++, at = nodes[at].next)
    if (!check(type->of, at)) return false;
  return true;
}

static bool check_words(const Node *node, int at, const Type *type) {
  if (node->length > (size_t)type->high) return wrong("TOO_MANY", node->at);
  for (size_t i = 0; i < node->length; i++, at = nodes[at + 1].next)
    if (!check(&word, at) || !check(type->of, at + 1)) return false;
  return true;
}

/* Returns the node of a key's value, or 0: that is always the frame's own. */
static int find(int map, const char *name) {
  int key = map + 1;
  for (size_t i = 0; i < nodes[map].length; i++, key = nodes[key + 1].next)
    if (is_text(&nodes[key], name, strlen(name))) return key + 1;
  return 0;
}

static bool check_record(const Node *node, int map, const Field *field) {
  for (; field->name; field++) {
    int value = find(map, field->name);
    if (value && !check(field->type, value)) return false;
    if (!value && field->is_required) return wrong("WRONG_TYPE", node->at);
  }
  return true;
}

static bool is_one_of(const Node *node, const char *const *words) {
  while (*words && !is_text(node, *words, strlen(*words))) words++;
  return *words;
}

static bool is_within(const Type *type, int64_t number, size_t at) {
  return (number >= type->low && number <= type->high) || wrong("OUT_OF_RANGE", at);
}

static bool check(const Type *type, int at) {
  const Node *node = &nodes[at];
  switch (type->kind) {
    case T_INT:
      if (node->what == INT) return is_within(type, node->number, node->at);
      break;
    case T_BOOL:
      if (node->what == BOOL) return true;
      break;
    case T_STR:
      if (node->what == STR) return is_within(type, (int64_t)node->length, node->at);
      break;
    case T_WORD:
      if (node->what != STR) break;
      return is_one_of(node, type->words) || wrong("OUT_OF_RANGE", node->at);
    case T_BIN:
      if (node->what == BIN) return is_within(type, (int64_t)node->length, node->at);
      break;
    case T_OR_FALSE:
      return (node->what == BOOL && !node->number) || check(type->of, at);
    case T_OR_RECORD:
      return node->what == BOOL || check(type->of, at);
    case T_ARRAY:
      if (node->what == ARRAY) return check_each(node, at + 1, type);
      break;
    case T_PAIR:
      if (node->what != ARRAY || node->length != 2) break;
      return check(type->of, at + 1) && check(type->then, nodes[at + 1].next);
    case T_TAGS:
      if (node->what == MAP) return check_words(node, at + 1, type);
      break;
    case T_RECORD:
      if (node->what == MAP) return check_record(node, at, type->fields);
      break;
    case T_TARGET:
      if (node->what == NIL || node->what == BOOL) return true;
      return check(node->what == ARRAY ? &players : &one_target, at);
  }
  return wrong("WRONG_TYPE", node->at);
}

/* ---- Writing: the shortest form, and tagged JSON ---- */

/* Text that grows, for lines and for what is encoded. */
typedef struct {
  char *text;
  size_t size, room;
} Buffer;

static Buffer line, again;

static void put(Buffer *buffer, const void *text, size_t length) {
  if (buffer->size + length > buffer->room) {
    buffer->room = 2 * (buffer->size + length) + 4096;
    buffer->text = realloc(buffer->text, buffer->room);
    if (!buffer->text) abort();
  }
  memcpy(buffer->text + buffer->size, text, length);
  buffer->size += length;
}

static void say(const char *text) { put(&line, text, strlen(text)); }

static void put_head(int head, uint64_t number, int width) {
  uint8_t bytes[9] = {(uint8_t)head};
  for (int i = width; i > 0; i--, number >>= 8) bytes[i] = (uint8_t)number;
  put(&again, bytes, 1 + (size_t)width);
}

/* Writes the head of a str, bin, array or map: `fix` up to `most`, else the shortest of the heads
 * from `head` on, of which the first has one byte of length, or two if `is_wide`. */
static void put_length(size_t length, int fix, size_t most, int head, bool is_wide) {
  if (length <= most) put_head(fix + (int)length, 0, 0);
  else if (!is_wide && length < 0x100) put_head(head, length, 1);
  else if (length < 0x10000) put_head(head + !is_wide, length, 2);
  else put_head(head + 1 + !is_wide, length, 4);
}

static void put_int(int64_t n) {
  if (n >= -32 && n < 128) put_head((uint8_t)n, 0, 0);
  else if (n >= 0) put_head(n < 0x100 ? 0xCC : n < 0x10000 ? 0xCD : n <= UINT32_MAX ? 0xCE : 0xCF,
                            (uint64_t)n, n < 0x100 ? 1 : n < 0x10000 ? 2 : n <= UINT32_MAX ? 4 : 8);
  else if (n >= INT8_MIN) put_head(0xD0, (uint64_t)n, 1);
  else if (n >= INT16_MIN) put_head(0xD1, (uint64_t)n, 2);
  else if (n >= INT32_MIN) put_head(0xD2, (uint64_t)n, 4);
  else put_head(0xD3, (uint64_t)n, 8);
}

static uint64_t bits_of(double real) {
  uint64_t bits;
  memcpy(&bits, &real, 8);
  return real == real ? bits : 0x7FF8000000000000; /* every NaN is this one */
}

static void write_value(const Type *type, int at);

/* Says whether a key is at its default: it is written, compared, and taken back. */
static bool is_default(const Field *field, int value) {
  size_t mark = again.size;
  write_value(field->type, value);
  size_t written = again.size - mark;
  again.size = mark;
  return field->absent && written == field->absent_size &&
         !memcmp(again.text + mark, field->absent, written);
}

static bool is_told(const Field *field, int map) {
  int value = find(map, field->name);
  return value && !is_default(field, value);
}

static void write_text(const char *text) {
  put_length(strlen(text), 0xA0, 31, 0xD9, false);
  put(&again, text, strlen(text));
}

static void write_record(const Field *fields, int map) {
  size_t told = 0;
  for (const Field *field = fields; field->name; field++) told += is_told(field, map);
  put_length(told, 0x80, 15, 0xDE, true);
  for (const Field *field = fields; field->name; field++) {
    if (!is_told(field, map)) continue;
    write_text(field->name);
    write_value(field->type, find(map, field->name));
  }
}

static const Field *record_of(const Type *type, const Node *node) {
  if (!type || node->what != MAP) return NULL;
  return type->kind == T_OR_RECORD ? type->of->fields : type->fields;
}

static void write_value(const Type *type, int at) {
  const Node *node = &nodes[at];
  const Field *fields = record_of(type, node);
  if (fields) {
    write_record(fields, at);
    return;
  }
  switch (node->what) {
    case NIL: put_head(0xC0, 0, 0); break;
    case BOOL: put_head(0xC2 + (int)node->number, 0, 0); break;
    case INT: put_int(node->number); break;
    case FLOAT: put_head(0xCB, bits_of(node->real), 8); break;
    case STR: put_length(node->length, 0xA0, 31, 0xD9, false); break;
    case BIN:
      if (node->length < 0x100) put_head(0xC4, node->length, 1);
      else put_length(node->length, 0, 0, 0xC4, false);
      break;
    case ARRAY: put_length(node->length, 0x90, 15, 0xDC, true); break;
    default: put_length(node->length, 0x80, 15, 0xDE, true);
  }
  if (node->what == STR || node->what == BIN) put(&again, data + node->body, node->length);
  int inner = at + 1;
  for (size_t i = 0; i < values_in(node); i++, inner = nodes[inner].next) write_value(NULL, inner);
}

static void say_hex(const void *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < length; i++) {
    uint8_t byte = ((const uint8_t *)bytes)[i];
    put(&line, (char[]){digits[byte >> 4], digits[byte & 15]}, 2);
  }
}

static void say_text(const Node *node) {
  char escaped[8];
  say("\"");
  for (size_t i = 0; i < node->length; i++) {
    uint8_t byte = data[node->body + i];
    if (byte >= 0x20 && byte != '"' && byte != '\\') put(&line, &byte, 1);
    else put(&line, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", byte));
  }
  say("\"");
}

static void say_value(const Type *type, int at);

static void say_record(const Field *field, int map) {
  const char *comma = "";
  for (; field->name; field++) {
    if (!is_told(field, map)) continue;
    say(comma), say("[\""), say(field->name), say("\",");
    say_value(field->type, find(map, field->name));
    say("]");
    comma = ",";
  }
}

static void say_entries(const Node *node, int at) {
  for (size_t i = 0; i < node->length; i++, at = nodes[at + 1].next) {
    say(i ? ",[" : "["), say_text(&nodes[at]), say(",");
    say_value(NULL, at + 1);
    say("]");
  }
}

static void say_elements(const Node *node, int at) {
  for (size_t i = 0; i < node->length; i++, at = nodes[at].next) {
    if (i) say(",");
    say_value(NULL, at);
  }
}

static void say_value(const Type *type, int at) {
  const Node *node = &nodes[at];
  const Field *fields = record_of(type, node);
  char number[24];
  uint64_t bits = node->what == FLOAT ? bits_of(node->real) : 0;
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(bits >> (56 - 8 * i));
  snprintf(number, sizeof number, "%lld", (long long)node->number);
  switch (node->what) {
    case NIL: say("null"); break;
    case BOOL: say(node->number ? "true" : "false"); break;
    case INT: say("{\"i\":\""), say(number), say("\"}"); break;
    case FLOAT: say("{\"f\":\""), say_hex(bytes, 8), say("\"}"); break;
    case STR: say("{\"s\":"), say_text(node), say("}"); break;
    case BIN: say("{\"b\":\""), say_hex(data + node->body, node->length), say("\"}"); break;
    case ARRAY: say("["), say_elements(node, at + 1), say("]"); break;
    default:
      say("{\"m\":[");
      if (fields) say_record(fields, at);
      else say_entries(node, at + 1);
      say("]}");
  }
}

/* ---- Messages, and the adapters' protocol ---- */

static const Frame *find_frame(uint8_t opcode, char by) {
  for (const Frame *frame = frames; frame->name; frame++)
    if (frame->opcode == opcode && strchr(frame->by, by)) return frame;
  return NULL;
}

static bool check_heads(void) {
  if (size < 2) return wrong("TRUNCATED", size);
  if (data[0] < 0x91 || data[0] > 0x9F) return wrong("NOT_A_FRAME", 0);
  return data[1] < 0x80 || wrong("NOT_A_FRAME", 1);
}

static bool check_frame(const Frame *frame, char by) {
  if (!frame) return wrong(find_frame(data[1], 'r') ? "WRONG_DIRECTION" : "UNKNOWN_OPCODE", 1);
  size_t fields = 0, given = nodes[0].length - 1;
  while (frame->fields[fields].name) fields++;
  if (given < fields || (given > fields && by == 'c')) return wrong("ARITY", 0);
  int at = 2;
  for (const Field *field = frame->fields; field->name; field++, at = nodes[at].next)
    if (!check(field->type, at)) return false;
  return true;
}

static void accept_frame(const Frame *frame) {
  const char *comma = "";
  size_t fields = 0;
  while (frame->fields[fields].name) fields++;
  put_head(0x91 + (int)fields, 0, 0);
  put_head(frame->opcode, 0, 0);
  say("{\"verdict\":\"accepted\",\"value\":{\"frame\":\""), say(frame->name);
  say("\",\"fields\":{");
  int at = 2;
  for (const Field *field = frame->fields; field->name; field++, at = nodes[at].next) {
    say(comma), say("\""), say(field->name), say("\":");
    say_value(field->type, at);
    write_value(field->type, at);
    comma = ",";
  }
  say("}}");
}

static void accept_payload(void) {
  say("{\"verdict\":\"accepted\",\"value\":");
  say_value(NULL, 0);
  write_value(NULL, 0);
}

static void judge(char by) {
  char text[96];
  line.size = again.size = 0;
  const Frame *frame = by != 'p' && size > 1 ? find_frame(data[1], by) : NULL;
  bool is_sound = (by == 'p' || check_heads()) && scan_all();
  if (is_sound && by == 'r' && !frame) {
    snprintf(text, sizeof text, "{\"verdict\":\"ignored\",\"opcode\":%d}\n", data[1]);
    say(text);
  } else if (is_sound && (by == 'p' || check_frame(frame, by))) {
    if (by == 'p') accept_payload();
    else accept_frame(frame);
    say(",\"again\":\""), say_hex(again.text, again.size), say("\"}\n");
  } else {
    snprintf(text, sizeof text, "{\"verdict\":\"refused\",\"code\":\"%s\",\"offset\":%zu}\n", code,
             blame);
    say(text);
  }
  fwrite(line.text, 1, line.size, stdout);
}

/* Reads all of some bytes. What was answered is flushed before anything is waited for. */
static bool fill(uint8_t *bytes, size_t wanted) {
  static uint8_t waiting[1 << 16];
  static size_t from, until;
  while (wanted) {
    if (from == until) {
      fflush(stdout);
      ssize_t got = read(0, waiting, sizeof waiting);
      if (got <= 0) return false;
      from = 0, until = (size_t)got;
    }
    size_t part = until - from < wanted ? until - from : wanted;
    memcpy(bytes, waiting + from, part);
    from += part, bytes += part, wanted -= part;
  }
  return true;
}

int main(void) {
  uint8_t head[HEAD], *input = NULL;
  puts("{\"adapter\": \"plain C\", \"floats\": \"exact\"}");
  while (fill(head, HEAD)) {
    data = head;
    size = (size_t)big_endian(1, 4);
    input = realloc(input, size + 1);
    if (!input || !fill(input, size)) return 1;
    data = input;
    judge((char)head[0]);
  }
  free(input);
  return 0;
}
