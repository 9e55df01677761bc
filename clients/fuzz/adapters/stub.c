/* An adapter that understands nothing: it repeats the lines of a file. The first is its hello; the
 * others answer one input each, over and over. It measures how fast inputs are given and answers
 * compared:
 *
 *   cc -O2 -o stub stub.c && relay fuzz codec --corpus seeds --against "./stub answers" */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 5 }; /* bytes before an input: its reader, and its length */

static uint8_t chunk[1 << 16];
static size_t from, until;

/* Passes over bytes of stdin, and copies them where `bytes` is not NULL. */
static int pass(uint8_t *bytes, size_t wanted) {
  while (wanted) {
    if (from == until) {
      fflush(stdout);
      ssize_t got = read(0, chunk, sizeof chunk);
      if (got <= 0) return 0;
      from = 0, until = (size_t)got;
    }
    size_t part = until - from < wanted ? until - from : wanted;
    if (bytes) memcpy(bytes, chunk + from, part), bytes += part;
    from += part, wanted -= part;
  }
  return 1;
}

/* Writes the line at `at`; returns where the next one begins. */
static const char *repeat(const char *at) {
  const char *end = strchr(at, '\n') + 1;
  fwrite(at, 1, (size_t)(end - at), stdout);
  return end;
}

/* Reads a whole file as text. */
static char *content(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) return NULL;
  size_t size = (size_t)ftell(file);
  char *text = calloc(1, size + 1);
  rewind(file);
  if (!text || fread(text, 1, size, file) != size) return NULL;
  fclose(file);
  return text;
}

int main(int count, char **arguments) {
  uint8_t head[HEAD];
  char *text = count == 2 ? content(arguments[1]) : NULL;
  if (!text || !strchr(text, '\n')) return 2;
  const char *first = repeat(text), *next = first;
  while (pass(head, HEAD)) {
    size_t length = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    if (!pass(NULL, length)) return 1;
    next = repeat(*next ? next : first);
  }
  return 0;
}
