#include <stdbool.h>

/* Swift's runtime would print the stack of a crash by a program of its own, swift-backtrace. At each start it looks for that program in
 * eight places, and the caller's SWIFT_BACKTRACE may name another one. The linker takes none of that when these two symbols are here
 * already. `fatalError` reads the second word of the settings: 0 is off. The object that every Swift program begins with (swiftrt.o)
 * names the function, and never calls it.
 * (stdlib/public/runtime/Backtrace.cpp and Errors.cpp of Swift; its settings take 88 bytes.) */
extern int _swift_backtraceSettings[32];
int _swift_backtraceSettings[32];

bool _swift_backtrace_isThunkFunction(const char *name);
bool _swift_backtrace_isThunkFunction(const char *name) {
    (void)name;
    return false;
}
