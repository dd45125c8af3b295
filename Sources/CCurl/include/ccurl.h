/* HTTP through libcurl, which is loaded when the first transfer is made.
 *
 * curl_easy_setopt(3) takes arguments of any type: only this target calls it. */
#ifndef CCURL_H
#define CCURL_H
#include <stddef.h>
#include <stdint.h>

/* Addresses that are not connected to. */
enum { CCURL_REFUSE_LINK_LOCAL = 1, CCURL_REFUSE_LOOPBACK = 2 };

/* Why a transfer has failed: what a caller decides by. */
enum ccurl_outcome {
    CCURL_DONE,
    CCURL_NO_LIBRARY,
    CCURL_NO_SUCH_HOST,
    CCURL_NOT_CONNECTED,
    CCURL_TIMED_OUT,
    CCURL_NOT_TRUSTED,
    CCURL_NO_TLS,
    /* Broken off on the way. */
    CCURL_BROKEN,
    /* A callback has said so. */
    CCURL_STOPPED,
    CCURL_ADDRESS_REFUSED,
    CCURL_FAILED,
};

struct ccurl_request {
    const char *method, *url;
    /* "Name: value", the last one NULL. */
    const char *const *headers;
    /* The body: bytes, or `file_length` bytes of a file; none when both are NULL and -1. */
    const void *body;
    size_t body_length;
    int file;
    int64_t file_offset, file_length;
    /* "" is none; the environment is not asked. */
    const char *proxy;
    /* PEM, trusted beside the system's; NULL is none. */
    const char *certificates;
    size_t certificates_length;
    /* Paths, or NULL. */
    const char *client_certificate, *client_key;
    int skips_verification;
    /* Seconds; without a byte for `stall_timeout` it is given up. */
    long connect_timeout, stall_timeout;
    int refused_addresses;
    /* Each returns 0, or another value to stop. A line of the head comes with its line end. */
    int (*take_header)(void *context, const char *bytes, size_t count);
    int (*take_body)(void *context, const char *bytes, size_t count);
    /* Called about once a second, and with everything that is sent or received. */
    int (*note_progress)(void *context, int64_t sent);
    void *context;
};

struct ccurl_result {
    enum ccurl_outcome outcome;
    /* Of HTTP; 0 when there was no answer. */
    long status;
    /* errno of connect(2), or 0. */
    int number;
    /* Of the other end, numeric. */
    char address[64];
    char reason[256];
};

/* A connection that is kept for the next transfer to the same host. Of one thread at a time. */
struct ccurl_connection;

/* NULL, with result->reason, when the library cannot be loaded or there is no memory. */
struct ccurl_connection *ccurl_open(struct ccurl_result *result);
void ccurl_close(struct ccurl_connection *connection);
/* The file of authorities that the library trusts without being told; NULL is none. Only while there is a connection. */
const char *ccurl_authorities(void);

void ccurl_transfer(
    struct ccurl_connection *connection, const struct ccurl_request *request, struct ccurl_result *result);
/* CCURL_REFUSE_* of an address, written as usual: whether it is one of this host's own, or leads to it as 0.0.0.0 does, or is
 * link-local. */
int ccurl_kinds_of_address(const char *address);

#endif
