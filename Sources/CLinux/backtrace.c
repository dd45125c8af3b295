#include <stdbool.h>

/* Swift's runtime would print the stack of a crash by a program of its own, swift-backtrace. At each start it looks for that program in
 * eight places, and the caller's SWIFT_BACKTRACE may name another one. With these two here the linker takes none of that: the settings,
 * of which `fatalError` reads the second word (whether it is on), and what the runtime's own start refers to.
 * (stdlib/public/runtime/Backtrace.cpp and Errors.cpp of Swift; its settings take 88 bytes.) */
extern int _swift_backtraceSettings[32];
int _swift_backtraceSettings[32];

bool _swift_backtrace_isThunkFunction(const char *name);
bool _swift_backtrace_isThunkFunction(const char *name) {
    (void)name;
    return false;
}
