#include "cdbus.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of libdbus, as <dbus/dbus.h> has had it since 1.0: its headers lie where not every machine has them. */
typedef struct connection connection;
typedef struct message message;
typedef uint32_t truth;
typedef struct {
    const char *name, *text;
    unsigned int flags;
    void *padding;
} error;
enum { TYPE_INVALID = 0, TYPE_STRING = 's' };

static struct {
    void (*error_init)(error *);
    void (*error_free)(error *);
    connection *(*connection_open_private)(const char *, error *);
    void (*connection_close)(connection *);
    void (*connection_unref)(connection *);
    void (*connection_set_exit_on_disconnect)(connection *, truth);
    message *(*connection_send_with_reply_and_block)(connection *, message *, int, error *);
    message *(*message_new_method_call)(const char *, const char *, const char *, const char *);
    void (*message_set_auto_start)(message *, truth);
    truth (*message_append_args)(message *, int, ...);
    truth (*message_get_args)(message *, error *, int, ...);
    void (*message_unref)(message *);
    void (*connection_set_change_sigpipe)(truth);
    int usable;
} library;

struct cdbus_bus {
    connection *connection;
};

static int find(void *handle, const char *name, void *function) {
    void *address = dlsym(handle, name);
    *(void **)function = address;
    return address != NULL;
}

#define FIND(name) find(handle, "dbus_" #name, &library.name)

static void load(void) {
    void *handle = dlopen("libdbus-1.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return;
    library.usable = FIND(error_init) && FIND(error_free) && FIND(connection_open_private) && FIND(connection_close)
        && FIND(connection_unref) && FIND(connection_set_exit_on_disconnect)
        && FIND(connection_send_with_reply_and_block) && FIND(message_new_method_call) && FIND(message_set_auto_start)
        && FIND(message_append_args) && FIND(message_get_args) && FIND(message_unref)
        && FIND(connection_set_change_sigpipe);
    /* How this process takes SIGPIPE is not the library's to decide. */
    if (library.usable) library.connection_set_change_sigpipe(0);
}

static int failure(const error *said) {
    if (!strcmp(said->name, "org.freedesktop.DBus.Error.ServiceUnknown")
        || !strcmp(said->name, "org.freedesktop.DBus.Error.NameHasNoOwner"))
        return -ESRCH;
    if (!strcmp(said->name, "org.freedesktop.DBus.Error.NoReply")) return -ETIMEDOUT;
    if (!strcmp(said->name, "org.freedesktop.DBus.Error.NoMemory")) return -ENOMEM;
    return -EREMOTEIO;
}

static message *request(const cdbus_object *object, const char *method, const char *first, const char *second) {
    message *request = library.message_new_method_call(object->destination, object->path, object->interface, method);
    if (!request) return NULL;
    library.message_set_auto_start(request, 0);
    int fits = !first || library.message_append_args(request, TYPE_STRING, &first, TYPE_INVALID);
    if (fits && second) fits = library.message_append_args(request, TYPE_STRING, &second, TYPE_INVALID);
    if (fits) return request;
    library.message_unref(request);
    return NULL;
}

int cdbus_ask(cdbus_bus *bus, const cdbus_object *object, const char *method, const char *first, const char *second,
              int timeout_ms, char *answer, size_t size) {
    message *asked = request(object, method, first, second);
    if (!asked) return -ENOMEM;
    error said;
    library.error_init(&said);
    int result = 0;
    const char *text = "";
    message *reply = library.connection_send_with_reply_and_block(bus->connection, asked, timeout_ms, &said);
    library.message_unref(asked);
    if (!reply) {
        result = failure(&said);
        text = said.text;
    } else if (!library.message_get_args(reply, &said, TYPE_STRING, &text, TYPE_INVALID)) {
        result = -EPROTO;
        text = said.text;
    }
    snprintf(answer, size, "%s", text);
    library.error_free(&said);
    if (reply) library.message_unref(reply);
    return result;
}

int cdbus_open(const char *address, int timeout_ms, cdbus_bus **bus) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (!library.usable) return -ELIBACC;
    cdbus_bus *made = malloc(sizeof *made);
    if (!made) return -ENOMEM;
    error said;
    library.error_init(&said);
    made->connection = library.connection_open_private(address, &said);
    library.error_free(&said);
    if (!made->connection) {
        free(made);
        return -ENOTCONN;
    }
    library.connection_set_exit_on_disconnect(made->connection, 0);
    /* A bus takes nothing before this; the library's own call for it waits as long as it likes. */
    const cdbus_object object = {"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"};
    char name[256];
    if (cdbus_ask(made, &object, "Hello", NULL, NULL, timeout_ms, name, sizeof name) == 0) {
        *bus = made;
        return 0;
    }
    cdbus_close(made);
    return -ENOTCONN;
}

void cdbus_close(cdbus_bus *bus) {
    library.connection_close(bus->connection);
    library.connection_unref(bus->connection);
    free(bus);
}
