#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct ccurl_connection {
    CURL *handle;
    char error[CURL_ERROR_SIZE];
    /* Of the transfer that goes on. */
    const struct ccurl_request *request;
    int64_t sent;
    int stopped, address_refused;
};

// MARK: options, one function for each type that there is

static void set_number(struct ccurl_connection *c, CURLoption option, long value) {
    ccurl_api.easy_setopt(c->handle, option, value);
}
static void set_size(struct ccurl_connection *c, CURLoption option, int64_t value) {
    ccurl_api.easy_setopt(c->handle, option, (curl_off_t)value);
}
static void set_text(struct ccurl_connection *c, CURLoption option, const char *value) {
    ccurl_api.easy_setopt(c->handle, option, value);
}
static void set_pointer(struct ccurl_connection *c, CURLoption option, const void *value) {
    ccurl_api.easy_setopt(c->handle, option, value);
}
static void set_function(struct ccurl_connection *c, CURLoption option, void (*value)(void)) {
    ccurl_api.easy_setopt(c->handle, option, value);
}

// MARK: callbacks

static int stop(struct ccurl_connection *c, int wanted) {
    if (wanted) c->stopped = 1;
    return c->stopped;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context) {
    struct ccurl_connection *c = context;
    return stop(c, c->request->take_header(c->request->context, bytes, size * count)) ? 0 : size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    struct ccurl_connection *c = context;
    // An empty write and a refusal would be told by the same number.
    if (size * count == 0) return 0;
    return stop(c, c->request->take_body(c->request->context, bytes, size * count)) ? 0 : size * count;
}

static size_t give_body(char *buffer, size_t size, size_t count, void *context) {
    struct ccurl_connection *c = context;
    int64_t left = c->request->file_length - c->sent;
    size_t wanted = size * count;
    if ((int64_t)wanted > left) wanted = (size_t)left;
    ssize_t n;
    do n = pread(c->request->file, buffer, wanted, c->request->file_offset + c->sent);
    while (n < 0 && errno == EINTR);
    // A file that has become shorter would leave the other end waiting.
    if (n < 0 || (n == 0 && left > 0)) return CURL_READFUNC_ABORT;
    c->sent += n;
    return (size_t)n;
}

/* Nothing is sent twice: libcurl would begin anew by itself where a connection that it had kept breaks off, and the other end may
 * have a part by then. */
static int seek_body(void *context, curl_off_t offset, int origin) {
    struct ccurl_connection *c = context;
    if (origin != SEEK_SET || offset < c->sent) return CURL_SEEKFUNC_FAIL;
    c->sent = offset;
    return CURL_SEEKFUNC_OK;
}

static int note_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
    struct ccurl_connection *c = context;
    (void)down_total, (void)down, (void)up_total;
    return stop(c, c->request->note_progress(c->request->context, up));
}

// MARK: addresses

/* Whatever a name led to, it is looked at here. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    struct ccurl_connection *c = context;
    (void)purpose;
    int refused = c->request->refused_addresses;
    if (ccurl_refuses(&address->addr, refused)) {
        c->address_refused = 1;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// MARK: a transfer

static void set_body(struct ccurl_connection *c, const struct ccurl_request *request) {
    if (strcmp(request->method, "HEAD") == 0) return set_number(c, CURLOPT_NOBODY, 1);
    if (request->file >= 0) {
        set_number(c, CURLOPT_UPLOAD, 1);
        set_function(c, CURLOPT_READFUNCTION, (void (*)(void))give_body);
        set_pointer(c, CURLOPT_READDATA, c);
        set_function(c, CURLOPT_SEEKFUNCTION, (void (*)(void))seek_body);
        set_pointer(c, CURLOPT_SEEKDATA, c);
        set_size(c, CURLOPT_INFILESIZE_LARGE, request->file_length);
    } else if (request->body) {
        set_number(c, CURLOPT_POST, 1);
        set_size(c, CURLOPT_POSTFIELDSIZE_LARGE, (int64_t)request->body_length);
        set_pointer(c, CURLOPT_POSTFIELDS, request->body);
    }
    set_text(c, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_trust(struct ccurl_connection *c, const struct ccurl_request *request) {
    set_number(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (request->skips_verification) {
        set_number(c, CURLOPT_SSL_VERIFYPEER, 0);
        set_number(c, CURLOPT_SSL_VERIFYHOST, 0);
    }
    if (request->certificates) {
        // The system's roots stay trusted, by CURLOPT_CAPATH as it was built in.
        struct curl_blob blob = {
            (void *)(uintptr_t)request->certificates, request->certificates_length, CURL_BLOB_COPY};
        set_pointer(c, CURLOPT_CAINFO_BLOB, &blob);
        set_text(c, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    if (request->client_certificate) set_text(c, CURLOPT_SSLCERT, request->client_certificate);
    if (request->client_key) set_text(c, CURLOPT_SSLKEY, request->client_key);
}

static void set_callbacks(struct ccurl_connection *c) {
    set_function(c, CURLOPT_HEADERFUNCTION, (void (*)(void))take_header);
    set_pointer(c, CURLOPT_HEADERDATA, c);
    set_function(c, CURLOPT_WRITEFUNCTION, (void (*)(void))take_body);
    set_pointer(c, CURLOPT_WRITEDATA, c);
    set_function(c, CURLOPT_XFERINFOFUNCTION, (void (*)(void))note_progress);
    set_pointer(c, CURLOPT_XFERINFODATA, c);
    set_number(c, CURLOPT_NOPROGRESS, 0);
    set_function(c, CURLOPT_OPENSOCKETFUNCTION, (void (*)(void))open_socket);
    set_pointer(c, CURLOPT_OPENSOCKETDATA, c);
}

static struct curl_slist *set_options(struct ccurl_connection *c, const struct ccurl_request *request) {
    ccurl_api.easy_reset(c->handle);
    set_pointer(c, CURLOPT_ERRORBUFFER, c->error);
    set_text(c, CURLOPT_URL, request->url);
    // Nothing but HTTP, and where it leads to next is decided by the caller.
    set_number(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
    set_number(c, CURLOPT_FOLLOWLOCATION, 0);
    set_number(c, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    // Without SIGALRM: there are several threads.
    set_number(c, CURLOPT_NOSIGNAL, 1);
    set_number(c, CURLOPT_CONNECTTIMEOUT, request->connect_timeout);
    set_number(c, CURLOPT_LOW_SPEED_LIMIT, 1);
    set_number(c, CURLOPT_LOW_SPEED_TIME, request->stall_timeout);
    set_number(c, CURLOPT_BUFFERSIZE, 128 << 10);
    set_text(c, CURLOPT_PROXY, request->proxy);
    /* Exceptions are the caller's affair: what is given here goes by that proxy, or by none. */
    set_text(c, CURLOPT_NOPROXY, "");
    set_callbacks(c);
    set_trust(c, request);
    set_body(c, request);
    struct curl_slist *headers = NULL;
    for (const char *const *header = request->headers; *header; header++) {
        struct curl_slist *longer = ccurl_api.slist_append(headers, *header);
        if (longer) headers = longer;
    }
    set_pointer(c, CURLOPT_HTTPHEADER, headers);
    return headers;
}

static enum ccurl_outcome outcome(const struct ccurl_connection *c, CURLcode code) {
    if (c->stopped) return CCURL_STOPPED;
    if (c->address_refused && code == CURLE_COULDNT_CONNECT) return CCURL_ADDRESS_REFUSED;
    switch (code) {
    case CURLE_OK: return CCURL_DONE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return CCURL_NO_SUCH_HOST;
    case CURLE_COULDNT_CONNECT: return CCURL_NOT_CONNECTED;
    case CURLE_OPERATION_TIMEDOUT: return CCURL_TIMED_OUT;
    case CURLE_PEER_FAILED_VERIFICATION: return CCURL_NOT_TRUSTED;
    case CURLE_SSL_CONNECT_ERROR: return CCURL_NO_TLS;
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return CCURL_BROKEN;
    default: return CCURL_FAILED;
    }
}

static void report(struct ccurl_connection *c, CURLcode code, struct ccurl_result *result) {
    long number = 0;
    char *address = NULL;
    ccurl_api.easy_getinfo(c->handle, CURLINFO_RESPONSE_CODE, &result->status);
    ccurl_api.easy_getinfo(c->handle, CURLINFO_OS_ERRNO, &number);
    ccurl_api.easy_getinfo(c->handle, CURLINFO_PRIMARY_IP, &address);
    result->outcome = outcome(c, code);
    result->number = (int)number;
    snprintf(result->address, sizeof result->address, "%s", address ? address : "");
    snprintf(result->reason, sizeof result->reason, "%s", *c->error ? c->error : ccurl_api.easy_strerror(code));
}

void ccurl_transfer(
    struct ccurl_connection *c, const struct ccurl_request *request, struct ccurl_result *result) {
    memset(result, 0, sizeof *result);
    c->request = request;
    c->sent = 0;
    c->stopped = c->address_refused = 0;
    *c->error = 0;
    struct curl_slist *headers = set_options(c, request);
    CURLcode code = ccurl_api.easy_perform(c->handle);
    report(c, code, result);
    set_pointer(c, CURLOPT_HTTPHEADER, NULL);
    ccurl_api.slist_free_all(headers);
    c->request = NULL;
}

struct ccurl_connection *ccurl_open(struct ccurl_result *result) {
    memset(result, 0, sizeof *result);
    result->outcome = CCURL_NO_LIBRARY;
    if (ccurl_load(result->reason, sizeof result->reason) < 0) return NULL;
    struct ccurl_connection *c = calloc(1, sizeof *c);
    CURL *handle = c ? ccurl_api.easy_init() : NULL;
    if (!handle) {
        free(c);
        snprintf(result->reason, sizeof result->reason, "%s", strerror(ENOMEM));
        return NULL;
    }
    c->handle = handle;
    return c;
}

void ccurl_close(struct ccurl_connection *c) {
    ccurl_api.easy_cleanup(c->handle);
    free(c);
}
