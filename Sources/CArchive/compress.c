/* The tar stream of an archive, written anew with another compression or with none. */
#include "internal.h"

#include <errno.h>
#include <string.h>

enum { BLOCK_SIZE = 256 << 10 };

static int unwritable(struct archive *archive, struct carchive_failure *failure) {
    return carchive_fail_because(failure, "write archive", NULL, A(error_string)(archive));
}

/* Where libarchive was built without a library it would run a program, and says so by another answer than OK. Neither a time
 * nor a name is written, and the level does not depend on the library: the same stream is the same bytes again. */
static int add_filter(struct archive *archive, int compression) {
    switch (compression) {
    case CARCHIVE_NONE: return ARCHIVE_OK;
    case CARCHIVE_GZIP:
        if (A(write_add_filter_gzip)(archive) != ARCHIVE_OK) return ARCHIVE_FATAL;
        return A(write_set_options)(archive, "gzip:!timestamp,gzip:compression-level=6");
    case CARCHIVE_ZSTD:
        if (A(write_add_filter_zstd)(archive) != ARCHIVE_OK) return ARCHIVE_FATAL;
        return A(write_set_options)(archive, "zstd:compression-level=3");
    default: return ARCHIVE_FATAL;
    }
}

/* To libarchive it is an archive of one file, which has no form of its own. */
static int begin(struct archive *archive, int compression, struct carchive_output *output) {
    A(write_set_format_raw)(archive);
    if (add_filter(archive, compression) != ARCHIVE_OK)
        return carchive_fail_because(output->failure, "compress", NULL, "the host's libarchive cannot do that by itself");
    A(write_set_bytes_per_block)(archive, BLOCK_SIZE);
    A(write_set_bytes_in_last_block)(archive, 1);
    if (A(write_open)(archive, output, NULL, carchive_output_write, NULL) != ARCHIVE_OK)
        return unwritable(archive, output->failure);
    struct archive_entry *entry = A(entry_new)();
    if (!entry) return carchive_fail(output->failure, "compress", NULL, ENOMEM);
    A(entry_set_filetype)(entry, AE_IFREG);
    int status = A(write_header)(archive, entry);
    A(entry_free)(entry);
    return status == ARCHIVE_OK ? 0 : unwritable(archive, output->failure);
}

static int write_stream(
    struct archive *archive, struct carchive_stream *stream, int (*goes_on)(void *context), void *context,
    struct carchive_failure *failure) {
    const void *bytes;
    ssize_t count;
    while ((count = carchive_stream_next(stream, &bytes)) > 0) {
        if (!goes_on(context)) return carchive_fail_because(failure, "compress", NULL, "it was stopped");
        if (A(write_data)(archive, bytes, (size_t)count) != count) return unwritable(archive, failure);
    }
    if (carchive_stream_failure(stream, failure) < 0) return -1;
    return A(write_close)(archive) == ARCHIVE_OK ? 0 : unwritable(archive, failure);
}

int carchive_compress(
    int input, int output, int compression, int (*goes_on)(void *context), void *context, struct carchive_result *result,
    struct carchive_failure *failure) {
    memset(failure, 0, sizeof *failure);
    memset(result, 0, sizeof *result);
    if (carchive_load(failure) < 0) return -1;
    struct carchive_stream *stream = carchive_stream_open(input, -1, 1, NULL, failure);
    if (!stream) return -1;
    struct carchive_output written;
    carchive_output_begin(&written, output, 1, failure);
    struct archive *archive = A(write_new)();
    int status = archive ? begin(archive, compression, &written) : carchive_fail(failure, "compress", NULL, ENOMEM);
    if (status == 0) status = write_stream(archive, stream, goes_on, context, failure);
    if (status == 0) status = carchive_stream_finish(stream, result, failure);
    if (archive) A(write_free)(archive);
    carchive_stream_close(stream);
    carchive_output_finish(&written, result);
    result->compression = compression;
    return status;
}
