#include "internal.h"

#include <errno.h>
#include <string.h>

void carchive_output_begin(struct carchive_output *output, int fd, int hashes, struct carchive_failure *failure) {
    memset(output, 0, sizeof *output);
    output->fd = fd;
    output->hashes = hashes;
    output->failure = failure;
    SHA256(init)(&output->hash);
}

la_ssize_t carchive_output_write(struct archive *archive, void *context, const void *bytes, size_t count) {
    struct carchive_output *output = context;
    if (carchive_write_all(output->fd, bytes, count) < 0) {
        carchive_fail(output->failure, "write archive", NULL, errno);
        A(set_error)(archive, EIO, "cannot write");
        return ARCHIVE_FATAL;
    }
    if (output->hashes) SHA256(update)(&output->hash, count, bytes);
    output->size += count;
    return (la_ssize_t)count;
}

void carchive_output_finish(struct carchive_output *output, struct carchive_result *result) {
    result->blob_size = output->size;
    SHA256(digest)(&output->hash, CARCHIVE_DIGEST_SIZE, result->blob_digest);
}
