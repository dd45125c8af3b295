#include "clinux.h"

#include <stdlib.h>
#include <string.h>

/* The words of the command line, which the C library hands to a constructor. They are kept as they are: bytes, which need
 * not be UTF-8. */

static char **words;
static int count;
/* The part of the stack that /proc/PID/cmdline shows, which anybody may read: execve(2) puts all words there one
 * behind the other. */
static char *area;
static size_t size;

__attribute__((constructor)) static void keep(int argc, char **argv) {
    words = argv;
    count = argc;
    area = argc > 0 ? argv[0] : NULL;
    for (int i = 0; i < argc && argv[i] == area + size; i++) size += strlen(argv[i]) + 1;
}

/* Swift's runtime asks these two, in `main`, whether or not anybody wants its `CommandLine`. Its own version looks for the
 * words in the stack with the help of /proc/self/maps, which takes some 0.2 ms. (stdlib/public/stubs/CommandLine.cpp of
 * Swift has the contract.) */
char **_swift_stdlib_getUnsafeArgvArgc(int *length);
char **_swift_stdlib_getUnsafeArgvArgc(int *length) {
    static char *none[] = {NULL};
    *length = count;
    return words ? words : none;
}

void _swift_stdlib_overrideUnsafeArgvArgc(char **argv, int argc);
void _swift_stdlib_overrideUnsafeArgvArgc(char **argv, int argc) {
    words = argv;
    count = argc;
}

int clinux_argument_count(void) { return count; }
const char *clinux_argument(int index) { return words[index]; }

const char *clinux_secure_getenv(const char *name) { return secure_getenv(name); }

void clinux_set_title(const char *title) {
    if (size == 0) return;
    size_t length = strnlen(title, size - 1);
    memcpy(area, title, length);
    memset(area + length, 0, size - length);
}
