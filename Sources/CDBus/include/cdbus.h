#ifndef CDBUS_H
#define CDBUS_H

#include <stddef.h>

/* Calls of methods on the system's message bus (D-Bus specification) through libdbus, which is loaded by the first of them: whoever
 * offers firewalld has it. The library's own environment variables are not asked. */

typedef struct cdbus_bus cdbus_bus;

/* Returns 0, -ELIBACC without the library, -ENOTCONN when no bus answers there.
 * address: of a bus, e.g. "unix:path=/run/dbus/system_bus_socket". The caller owns *bus. */
int cdbus_open(const char *address, int timeout_ms, cdbus_bus **bus);
void cdbus_close(cdbus_bus *bus);

/* Whose method of which object is called. */
typedef struct {
    const char *destination, *path, *interface;
} cdbus_object;

/* Asks, and waits timeout_ms milliseconds at most. Nobody is started to answer.
 * first, second: what the method is called with; NULL where it takes less.
 * answer: the string that comes back, or what is said of the failure; cut off where it does not fit, always ended by a zero.
 * Returns 0; -EREMOTEIO when the answer is an error; -ESRCH when nobody has the name; -ETIMEDOUT; -EPROTO for an answer that is no
 * string; -ENOMEM. */
int cdbus_ask(cdbus_bus *bus, const cdbus_object *object, const char *method, const char *first, const char *second,
              int timeout_ms, char *answer, size_t size);

#endif
