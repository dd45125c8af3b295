#include <stddef.h>

/* The Swift runtime asks these two functions for the words of the command line. Its own version has no `main` to get them
 * from, and at every start looks for them in the stack with the help of /proc/self/maps, which takes some 0.1 ms. The C
 * library hands them to a constructor. (stdlib/public/stubs/CommandLine.cpp of Swift has the contract.) */

static char **words;
static int count;

__attribute__((constructor)) static void keep(int argc, char **argv) {
    if (words) return;
    words = argv;
    count = argc;
}

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
