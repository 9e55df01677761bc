/* The frames and records of protocol/SPEC.md, sections 4 and 5, as tables for plain.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_INT 9007199254740991 /* 2^53 - 1 */
#define MAX_PLAYER 4294967295    /* 2^32 - 1 */
#define MAX_PAYLOAD 1048576

typedef enum {
  T_INT, T_BOOL, T_STR, T_WORD, T_BIN, T_OR_FALSE, T_OR_RECORD, T_ARRAY, T_PAIR, T_TAGS, T_RECORD,
  T_TARGET
} Kind;

typedef struct Field Field;
typedef struct Type Type;

struct Type {
  Kind kind;
  int64_t low, high;        /* of a number, or of a length; `high` alone for elements */
  const Type *of, *then;    /* of elements: what is in an array, a pair, or a map */
  const Field *fields;      /* of a record */
  const char *const *words; /* one of which it must be */
};

struct Field {
  const char *name;
  const Type *type;
  const char *absent; /* the default of a record's key, as it is encoded; NULL if it has none */
  size_t absent_size;
  bool is_required;
};

typedef struct {
  uint8_t opcode;
  const char *name, *by; /* who sends it: "c", "r" or "cr" */
  Field fields[7];
} Frame;

#define AT(encoded) encoded, sizeof encoded - 1
#define END {NULL, NULL, NULL, 0, false}
#define RECORD(name) {T_RECORD, 0, 0, NULL, NULL, name, NULL}
#define ONE_OF(name, ...)                                    \
  static const char *const name##_words[] = {__VA_ARGS__, NULL}; \
  static const Type name = {T_WORD, 0, 0, NULL, NULL, NULL, name##_words}
#define RANGE(name, kind, low, high) \
  static const Type name = {kind, low, high, NULL, NULL, NULL, NULL}
#define SEVERAL(name, type, most) \
  static const Type name = {T_ARRAY, 0, most, &type, NULL, NULL, NULL}

RANGE(natural, T_INT, 0, MAX_INT);
RANGE(positive, T_INT, 1, MAX_INT);
RANGE(any_int, T_INT, -MAX_INT, MAX_INT);
RANGE(player, T_INT, 1, MAX_PLAYER);
RANGE(player_or_0, T_INT, 0, MAX_PLAYER);
RANGE(byte_key, T_INT, 0, 255);
RANGE(group, T_INT, 1, 255);
RANGE(here_or_away, T_INT, 0, 1);
RANGE(opcode, T_INT, 0, 127);
RANGE(seats, T_INT, 1, 1024);
RANGE(seats_or_0, T_INT, 0, 1024);
RANGE(ten_minutes, T_INT, 0, 600);
RANGE(hour, T_INT, 0, 3600);
RANGE(client_frame, T_INT, 256, MAX_INT);
RANGE(relay_frame, T_INT, 256, MAX_PAYLOAD);
RANGE(window_size, T_INT, 1, 65536);
RANGE(one_target, T_INT, -255, MAX_PLAYER);
RANGE(flag, T_BOOL, 0, 0);
RANGE(target, T_TARGET, 0, 0);
RANGE(word, T_STR, 1, 64);
RANGE(name, T_STR, 0, 64);
RANGE(secret, T_STR, 0, 128);
RANGE(reason, T_STR, 0, 123);
RANGE(long_text, T_STR, 0, 1024);
RANGE(payload, T_BIN, 0, MAX_PAYLOAD);
RANGE(bin_8, T_BIN, 8, 8);
RANGE(bin_16, T_BIN, 16, 16);
RANGE(digest, T_BIN, 1, 64);
RANGE(majority, T_BIN, 0, 64);
SEVERAL(players, player, 1024);
SEVERAL(groups, group, 255);
SEVERAL(host_keys, word, 16);
SEVERAL(ignored, name, 16);
ONE_OF(role, "player", "spectator");
ONE_OF(history, "none", "snapshot", "full");
ONE_OF(writers, "all", "host");
ONE_OF(bar, "seat", "address");
static const Type input = {T_PAIR, 0, 0, &player, &payload, NULL, NULL};
SEVERAL(inputs, input, 1024);
static const Type position = {T_PAIR, 0, 0, &bin_8, &natural, NULL, NULL};
static const Type tags = {T_TAGS, 0, 16, &name, NULL, NULL, NULL};
static const Type payload_or_false = {T_OR_FALSE, 0, 0, &payload, NULL, NULL, NULL};
static const Type natural_or_false = {T_OR_FALSE, 0, 0, &natural, NULL, NULL, NULL};

static const Field room_fields[] = {
    {"title", &name, AT("\xA0"), false},
    {"capacity", &seats, AT("\x40"), false},
    {"spectators", &seats_or_0, AT("\x40"), false},
    {"public", &flag, AT("\xC3"), false},
    {"locked", &flag, AT("\xC2"), false},
    {"password", &secret, AT("\xA0"), false},
    {"hold", &ten_minutes, AT("\x1E"), false},
    {"keep", &hour, AT("\x1E"), false},
    {"history", &history, AT("\xA4none"), false},
    {"write", &writers, AT("\xA3" "all"), false},
    {"host_keys", &host_keys, AT("\x90"), false},
    {"delay", &ten_minutes, AT("\0"), false},
    {"host_away", &ten_minutes, AT("\0"), false},
    {"bar", &bar, AT("\xA4seat"), false},
    {"chaos", &flag, AT("\xC2"), false},
    {"app", &name, AT("\xA0"), false},
    {"build", &name, AT("\xA0"), false},
    {"tags", &tags, AT("\x80"), false},
    END};
static const Type room_options = RECORD(room_fields);
static const Type create = {T_OR_RECORD, 0, 0, &room_options, NULL, NULL, NULL};

static const Field hello_fields[] = {
    {"seat", &bin_16, NULL, 0, false},
    {"position", &position, NULL, 0, false},
    {"name", &name, AT("\xA0"), false},
    {"role", &role, AT("\xA6player"), false},
    {"min", &positive, NULL, 0, false},
    {"app", &name, AT("\xA0"), false},
    {"build", &name, AT("\xA0"), false},
    {"ticket", &long_text, AT("\xA0"), false},
    {"password", &secret, AT("\xA0"), false},
    {"create", &create, AT("\xC3"), false},
    {"max_frame", &client_frame, AT("\xCD\xF0\0"), false},
    {"can_host", &flag, AT("\xC3"), false},
    END};
static const Type hello_options = RECORD(hello_fields);

static const Field limit_fields[] = {
    {"max_frame", &relay_frame, AT("\xCD\x40\0"), false},
    {"window", &window_size, AT("\xCD\x01\0"), false},
    {"frames_per_second", &natural, AT("\x78"), false},
    {"bytes_per_second", &natural, AT("\xCE\0\x04\0\0"), false},
    {"history_frames", &natural, AT("\xCE\0\x01\0\0"), false},
    {"history_bytes", &natural, AT("\xCE\x01\0\0\0"), false},
    END};
static const Type limits = RECORD(limit_fields);

static const Field session_fields[] = {
    {"epoch", &bin_8, NULL, 0, true},
    {"room", &word, NULL, 0, true},
    {"taken", &natural, AT("\0"), false},
    {"resumed", &flag, AT("\xC2"), false},
    {"time", &natural, AT("\0"), false},
    {"limits", &limits, AT("\x80"), false},
    {"options", &room_options, AT("\x80"), false},
    {"ignored", &ignored, AT("\x90"), false},
    {"complete_from", &natural, AT("\0"), false},
    END};
static const Type session = RECORD(session_fields);

static const Field player_fields[] = {
    {"name", &name, AT("\xA0"), false},
    {"role", &role, AT("\xA6player"), false},
    {"can_host", &flag, AT("\xC3"), false},
    END};
static const Type player_info = RECORD(player_fields);

static const Field error_fields[] = {
    {"frame", &natural, NULL, 0, false},     {"op", &opcode, NULL, 0, false},
    {"offset", &natural, NULL, 0, false},    {"expected", &long_text, NULL, 0, false},
    {"got", &long_text, NULL, 0, false},  {"limit", &any_int, NULL, 0, false},
    {"retry", &flag, NULL, 0, false},     {"after", &natural, NULL, 0, false},
    END};
static const Type error_detail = RECORD(error_fields);

static const Field notice_fields[] = {
    {"limit", &natural, NULL, 0, false},
    {"dropped", &natural, NULL, 0, false},
    {"after", &natural, NULL, 0, false},
    {"seq", &natural, NULL, 0, false},
    {"said", &long_text, NULL, 0, false},
    END};
static const Type notice_detail = RECORD(notice_fields);

#define F(name, type) {name, &type, NULL, 0, true}

static const Frame frames[] = {
    {0x01, "HELLO", "c", {F("version", positive), F("options", hello_options)}},
    {0x02, "WELCOME", "r",
     {F("version", natural), F("player", player), F("seq", natural), F("session", session)}},
    {0x03, "ERROR", "r",
     {F("seq", natural), F("code", natural), F("text", long_text), F("detail", error_detail)}},
    {0x04, "NOTICE", "r", {F("kind", natural), F("detail", notice_detail)}},
    {0x05, "PING", "c", {F("t", natural)}},
    {0x06, "PONG", "r",
     {F("t", natural), F("received", natural), F("sent", natural), F("taken", natural),
      F("seq", natural)}},
    {0x07, "ACK", "c", {F("seq", natural)}},
    {0x07, "ACK", "r", {F("taken", natural), F("seq", natural)}},
    {0x08, "LEAVE", "c", {END}},
    {0x09, "LIVE", "r", {F("seq", natural)}},
    {0x10, "SEND", "c", {F("target", target), F("payload", payload)}},
    {0x11, "DELIVER", "r", {F("seq", natural), F("sender", player_or_0), F("payload", payload)}},
    {0x12, "VOLATILE", "c", {F("key", byte_key), F("target", target), F("payload", payload)}},
    {0x13, "UPDATE", "r", {F("key", byte_key), F("sender", player_or_0), F("payload", payload)}},
    {0x14, "SUBSCRIBE", "c", {F("add", groups), F("remove", groups)}},
    {0x20, "JOINED", "r", {F("seq", natural), F("player", player), F("info", player_info)}},
    {0x21, "LEFT", "r", {F("seq", natural), F("player", player), F("reason", natural)}},
    {0x22, "PRESENCE", "c", {F("state", here_or_away)}},
    {0x22, "PRESENCE", "r", {F("seq", natural), F("player", player), F("state", natural)}},
    {0x23, "HOST", "r", {F("seq", natural), F("player", player_or_0), F("term", natural)}},
    {0x24, "KICK", "c", {F("player", player), F("reason", reason)}},
    {0x25, "TRANSFER", "c", {F("player", player)}},
    {0x30, "SET", "c",
     {F("scope", player_or_0), F("key", word), F("value", payload_or_false),
      F("expected", natural_or_false)}},
    {0x31, "PROPERTY", "r",
     {F("seq", natural), F("scope", player_or_0), F("key", word), F("value", payload_or_false),
      F("version", natural), F("by", player_or_0)}},
    {0x32, "SNAPSHOT", "cr",
     {F("seq", natural), F("part", natural), F("parts", positive), F("payload", payload)}},
    {0x33, "SNAPSHOT_WANTED", "r", {F("seq", natural)}},
    {0x40, "INPUT", "c", {F("tick", natural), F("payload", payload)}},
    {0x41, "TICK", "r", {F("seq", natural), F("tick", natural), F("inputs", inputs)}},
    {0x42, "HASH", "c", {F("tick", natural), F("hash", digest)}},
    {0x43, "DESYNC", "r",
     {F("seq", natural), F("tick", natural), F("majority", majority), F("players", players)}},
    {0x44, "READY", "c", {F("ready", flag)}},
    {0x45, "START", "r", {F("seq", natural), F("at", natural)}},
    {0, NULL, NULL, {END}},
};
