#include "internal.h"
#include "xz.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Decompressing and hashing take as long as writing the files, so they run beside it: a ring of buffers between. */
enum { INPUT_SIZE = 256 << 10, SLOT_SIZE = 256 << 10, SLOTS = 8 };

struct carchive_stream {
    int input, copy, hashes;
    struct carchive_budget *budget;
    pthread_t thread;
    int started;
    /* Of the thread, until `ended` was seen. */
    struct sha256_ctx blob, diff;
    uint64_t blob_size;
    int compression;
    struct carchive_failure failure;
    /* What has come of the input and nobody has had yet. */
    ssize_t waiting;
    struct xz *xz;
    uint8_t buffer[INPUT_SIZE];
    /* Between both, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned produced, consumed;
    int ended, abandoned;
    size_t counts[SLOTS];
    /* Of the reader: whether it has the slot `consumed` in its hands. */
    int holds;
    uint8_t slots[SLOTS][SLOT_SIZE];
};

static int compression(struct archive *raw) {
    switch (A(filter_code)(raw, 0)) {
    case ARCHIVE_FILTER_GZIP: return CARCHIVE_GZIP;
    case ARCHIVE_FILTER_ZSTD: return CARCHIVE_ZSTD;
    case ARCHIVE_FILTER_BZIP2: return CARCHIVE_BZIP2;
    default: return CARCHIVE_NONE;
    }
}

/* What there is, but at the beginning as much as says what it is. */
static ssize_t read_some(struct carchive_stream *stream) {
    size_t wanted = stream->blob_size == 0 ? XZ_MAGIC_SIZE : 1, count = 0;
    while (count < wanted) {
        ssize_t n = read(stream->input, stream->buffer + count, INPUT_SIZE - count);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        count += (size_t)n;
    }
    return (ssize_t)count;
}

static la_ssize_t read_input(struct archive *raw, void *context, const void **bytes) {
    struct carchive_stream *stream = context;
    ssize_t n = read_some(stream);
    if (n < 0) {
        carchive_fail(&stream->failure, "read", NULL, errno);
    } else if (stream->copy >= 0 && carchive_write_all(stream->copy, stream->buffer, (size_t)n) < 0) {
        carchive_fail(&stream->failure, "copy", NULL, errno);
        n = -1;
    } else if (stream->budget && stream->blob_size + (uint64_t)n > (uint64_t)stream->budget->limit) {
        carchive_spend(&stream->budget->bytes, INT64_MAX);
        n = carchive_fail_over(&stream->failure);
    }
    if (n < 0) {
        if (raw) A(set_error)(raw, EIO, "cannot read");
        return ARCHIVE_FATAL;
    }
    if (stream->hashes) SHA256(update)(&stream->blob, (size_t)n, stream->buffer);
    stream->blob_size += (uint64_t)n;
    *bytes = stream->buffer;
    return n;
}

/* The same, first what was read already. */
static la_ssize_t take_input(struct archive *raw, void *context, const void **bytes) {
    struct carchive_stream *stream = context;
    ssize_t waiting = stream->waiting;
    stream->waiting = 0;
    if (waiting == 0) return read_input(raw, context, bytes);
    *bytes = stream->buffer;
    return waiting;
}

static ssize_t take_packed(void *context, const void **bytes) { return take_input(NULL, context, bytes); }

/* The slot to fill next, or NULL when the reader has gone. */
static uint8_t *wait_for_slot(struct carchive_stream *stream) {
    pthread_mutex_lock(&stream->lock);
    while (stream->produced - stream->consumed == SLOTS && !stream->abandoned)
        pthread_cond_wait(&stream->changed, &stream->lock);
    uint8_t *slot = stream->abandoned ? NULL : stream->slots[stream->produced % SLOTS];
    pthread_mutex_unlock(&stream->lock);
    return slot;
}

static void publish(struct carchive_stream *stream, size_t count) {
    pthread_mutex_lock(&stream->lock);
    stream->counts[stream->produced++ % SLOTS] = count;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
}

static ssize_t unpack_some(struct carchive_stream *stream, struct archive *raw, uint8_t *slot) {
    if (stream->xz) return xz_read(stream->xz, slot, SLOT_SIZE, take_packed, stream, &stream->failure);
    la_ssize_t n = A(read_data)(raw, slot, SLOT_SIZE);
    return n < 0 ? carchive_fail_because(&stream->failure, "read archive", NULL, A(error_string)(raw)) : n;
}

static int produce_all(struct carchive_stream *stream, struct archive *raw) {
    uint8_t *slot;
    while ((slot = wait_for_slot(stream))) {
        ssize_t n = unpack_some(stream, raw, slot);
        if (n < 0) return -1;
        if (n == 0) return 0;
        if (stream->budget && carchive_spend(&stream->budget->bytes, n) < 0) return carchive_fail_over(&stream->failure);
        // Without compression both digests are the same: hash once.
        if (stream->hashes && stream->compression != CARCHIVE_NONE)
            SHA256(update)(&stream->diff, (size_t)n, slot);
        publish(stream, (size_t)n);
    }
    return -1;
}

/* By name: libarchive knows more, some of which it decodes by a program that it looks for in PATH. It does so with these,
 * too, where it was built without their library, and says so by another answer than OK. */
static void add_filters(struct archive *raw) {
    int (*filters[])(struct archive *) = {
        A(read_support_filter_gzip), A(read_support_filter_zstd), A(read_support_filter_bzip2)};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct archive *probe = A(read_new)();
        if (probe && filters[i](probe) == ARCHIVE_OK) filters[i](raw);
        if (probe) A(read_free)(probe);
    }
}

static int decompress(struct carchive_stream *stream, struct archive *raw) {
    struct archive_entry *entry;
    const void *beginning;
    stream->waiting = read_input(NULL, stream, &beginning);
    if (stream->waiting < 0) return -1;
    if (stream->waiting >= XZ_MAGIC_SIZE && xz_begins(stream->buffer)) {
        stream->compression = CARCHIVE_XZ;
        return (stream->xz = xz_open(&stream->failure)) ? produce_all(stream, NULL) : -1;
    }
    add_filters(raw);
    A(read_support_format_raw)(raw);
    if (A(read_open)(raw, stream, NULL, take_input, NULL) != ARCHIVE_OK || A(read_next_header)(raw, &entry) < ARCHIVE_WARN)
        return carchive_fail_because(&stream->failure, "read archive", NULL,
            stream->blob_size ? A(error_string)(raw) : "the file is empty");
    stream->compression = compression(raw);
    return produce_all(stream, raw);
}

static void *run(void *context) {
    struct carchive_stream *stream = context;
    struct archive *raw = A(read_new)();
    int status = raw ? decompress(stream, raw) : carchive_fail(&stream->failure, "read archive", NULL, ENOMEM);
    // What follows the compressed data belongs to the blob all the same.
    const void *rest;
    while (status == 0 && read_input(NULL, stream, &rest) > 0) continue;
    if (raw) A(read_free)(raw);
    xz_close(stream->xz);
    pthread_mutex_lock(&stream->lock);
    stream->ended = 1;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

/* Signals are for the thread that knows what to do about them. */
static int start(struct carchive_stream *stream) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&stream->thread, NULL, run, stream);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    stream->started = error == 0;
    return error;
}

struct carchive_stream *carchive_stream_open(
    int input, int copy, int hashes, struct carchive_budget *budget, struct carchive_failure *failure) {
    struct carchive_stream *stream = malloc(sizeof *stream);
    if (!stream) {
        carchive_fail(failure, "read archive", NULL, ENOMEM);
        return NULL;
    }
    memset(stream, 0, offsetof(struct carchive_stream, slots));
    stream->input = input;
    stream->copy = copy;
    stream->hashes = hashes;
    stream->budget = budget;
    SHA256(init)(&stream->blob);
    SHA256(init)(&stream->diff);
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->changed, NULL);
    int error = start(stream);
    if (error == 0) return stream;
    carchive_fail(failure, "start thread", NULL, error);
    carchive_stream_close(stream);
    return NULL;
}

ssize_t carchive_stream_next(struct carchive_stream *stream, const void **bytes) {
    ssize_t count = 0;
    pthread_mutex_lock(&stream->lock);
    if (stream->holds) {
        stream->consumed++;
        pthread_cond_broadcast(&stream->changed);
    }
    while (stream->produced == stream->consumed && !stream->ended) pthread_cond_wait(&stream->changed, &stream->lock);
    stream->holds = stream->produced != stream->consumed;
    if (stream->holds) {
        *bytes = stream->slots[stream->consumed % SLOTS];
        count = (ssize_t)stream->counts[stream->consumed % SLOTS];
    } else if (*stream->failure.operation) {
        count = -1;
    }
    pthread_mutex_unlock(&stream->lock);
    return count;
}

int carchive_stream_failure(struct carchive_stream *stream, struct carchive_failure *failure) {
    pthread_mutex_lock(&stream->lock);
    int failed = stream->ended && *stream->failure.operation;
    if (failed && !*failure->operation) *failure = stream->failure;
    pthread_mutex_unlock(&stream->lock);
    return failed ? -1 : 0;
}

int carchive_stream_finish(
    struct carchive_stream *stream, struct carchive_result *result, struct carchive_failure *failure) {
    const void *rest;
    while (carchive_stream_next(stream, &rest) > 0) continue;
    if (carchive_stream_failure(stream, failure) < 0) return -1;
    result->compression = stream->compression;
    result->blob_size = stream->blob_size;
    SHA256(digest)(&stream->blob, CARCHIVE_DIGEST_SIZE, result->blob_digest);
    if (stream->compression == CARCHIVE_NONE)
        memcpy(result->diff_digest, result->blob_digest, CARCHIVE_DIGEST_SIZE);
    else
        SHA256(digest)(&stream->diff, CARCHIVE_DIGEST_SIZE, result->diff_digest);
    return 0;
}

void carchive_stream_close(struct carchive_stream *stream) {
    pthread_mutex_lock(&stream->lock);
    stream->abandoned = 1;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
    if (stream->started) pthread_join(stream->thread, NULL);
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}
