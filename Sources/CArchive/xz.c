/* libarchive lets a file of xz have a dictionary of a gigabyte. Here it may have what zstd's window may: 128 MB, twice as much
 * as `xz -9` wants. */
#include "xz.h"

#include <dlfcn.h>
#include <errno.h>
#include <lzma.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t largest_dictionary = 128 << 20;
/* What the decoder has beside it. */
static const uint64_t rest_of_decoder = 1 << 20;

#define EACH_LZMA_FUNCTION(X) X(lzma_stream_decoder) X(lzma_code) X(lzma_end)
#define MEMBER(name) static __typeof__(&name) name##_found;
EACH_LZMA_FUNCTION(MEMBER)
#undef MEMBER

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char missing[256];

struct xz {
    lzma_stream stream;
    int has_all_input, ended;
};

/* libarchive has loaded it, where it knows xz. */
static void find_functions(void) {
    void *library = dlopen("liblzma.so.5", RTLD_NOW | RTLD_LOCAL);
    const char *reason = library ? NULL : dlerror();
#define FIND(name) \
    if (!reason && !(name##_found = (__typeof__(&name))dlsym(library, #name))) reason = dlerror();
    EACH_LZMA_FUNCTION(FIND)
    if (reason) strncpy(missing, reason, sizeof missing - 1);
}

int xz_begins(const uint8_t *bytes) { return memcmp(bytes, "\3757zXZ\0", XZ_MAGIC_SIZE) == 0; }

struct xz *xz_open(struct carchive_failure *failure) {
    pthread_once(&once, find_functions);
    if (*missing) {
        carchive_fail_because(failure, "load library", "liblzma.so.5", missing);
        return NULL;
    }
    struct xz *xz = calloc(1, sizeof *xz);
    if (xz && lzma_stream_decoder_found(&xz->stream, largest_dictionary + rest_of_decoder, LZMA_CONCATENATED) == LZMA_OK)
        return xz;
    free(xz);
    carchive_fail(failure, "read archive", NULL, ENOMEM);
    return NULL;
}

static const char *reason(lzma_ret result) {
    switch (result) {
    case LZMA_MEMLIMIT_ERROR: return "its dictionary is larger than 128 MiB";
    case LZMA_MEM_ERROR: return "there is no memory for its dictionary";
    case LZMA_OPTIONS_ERROR: return "it is packed in a way that xz does not know";
    case LZMA_BUF_ERROR: return "it ends too early";
    default: return "its compressed data is damaged";
    }
}

ssize_t xz_read(
    struct xz *xz, uint8_t *bytes, size_t size, ssize_t (*next)(void *context, const void **piece), void *context,
    struct carchive_failure *failure) {
    lzma_stream *stream = &xz->stream;
    stream->next_out = bytes;
    stream->avail_out = size;
    while (stream->avail_out > 0 && !xz->ended) {
        if (stream->avail_in == 0 && !xz->has_all_input) {
            const void *piece;
            ssize_t count = next(context, &piece);
            if (count < 0) return -1;
            stream->next_in = piece;
            stream->avail_in = (size_t)count;
            xz->has_all_input = count == 0;
        }
        lzma_ret result = lzma_code_found(stream, xz->has_all_input ? LZMA_FINISH : LZMA_RUN);
        xz->ended = result == LZMA_STREAM_END;
        if (result != LZMA_OK && !xz->ended) return carchive_fail_because(failure, "read archive", NULL, reason(result));
    }
    return (ssize_t)(size - stream->avail_out);
}

void xz_close(struct xz *xz) {
    if (!xz) return;
    lzma_end_found(&xz->stream);
    free(xz);
}
