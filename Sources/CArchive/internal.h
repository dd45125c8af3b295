#ifndef CARCHIVE_INTERNAL_H
#define CARCHIVE_INTERNAL_H
#include "carchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <nettle/sha2.h>

#define EACH_ARCHIVE_FUNCTION(X) \
    X(archive_entry_clear) X(archive_entry_copy_hardlink) X(archive_entry_copy_pathname) \
    X(archive_entry_copy_symlink) X(archive_entry_filetype) X(archive_entry_free) X(archive_entry_gid) \
    X(archive_entry_hardlink) X(archive_entry_mode) X(archive_entry_mtime) X(archive_entry_mtime_nsec) \
    X(archive_entry_new) X(archive_entry_pathname) X(archive_entry_rdev) X(archive_entry_set_filetype) X(archive_entry_set_gid) \
    X(archive_entry_set_mtime) X(archive_entry_set_perm) X(archive_entry_set_rdev) X(archive_entry_set_size) X(archive_entry_set_uid) \
    X(archive_entry_size) X(archive_entry_symlink) X(archive_entry_uid) X(archive_entry_xattr_add_entry) \
    X(archive_entry_xattr_next) X(archive_entry_xattr_reset) X(archive_errno) X(archive_error_string) \
    X(archive_filter_code) X(archive_read_data) X(archive_read_data_block) X(archive_read_free) X(archive_read_new) \
    X(archive_read_next_header) X(archive_read_open) X(archive_read_support_filter_bzip2) \
    X(archive_read_support_filter_gzip) X(archive_read_support_filter_zstd) \
    X(archive_read_support_format_raw) X(archive_read_support_format_tar) X(archive_set_error) \
    X(archive_write_add_filter_gzip) X(archive_write_add_filter_zstd) X(archive_write_close) X(archive_write_data) \
    X(archive_write_free) X(archive_write_header) X(archive_write_new) X(archive_write_open) \
    X(archive_write_set_bytes_in_last_block) X(archive_write_set_bytes_per_block) X(archive_write_set_format_pax) \
    X(archive_write_set_format_raw) X(archive_write_set_options)
#define EACH_NETTLE_FUNCTION(X) X(nettle_sha256_init) X(nettle_sha256_update) X(nettle_sha256_digest)

/* The functions of both libraries, each found once: all of them after carchive_load. */
#define MEMBER(name) __typeof__(&name) name;
struct carchive_api { EACH_ARCHIVE_FUNCTION(MEMBER) EACH_NETTLE_FUNCTION(MEMBER) };
#undef MEMBER
extern struct carchive_api carchive_api;
#define A(name) (carchive_api.archive_##name)
#define SHA256(name) (carchive_api.nettle_sha256_##name)

/* Both give -1, and keep what was there when *failure is filled in already: the first failure is the cause. */
int carchive_fail(struct carchive_failure *failure, const char *operation, const char *subject, int number);
int carchive_fail_because(
    struct carchive_failure *failure, const char *operation, const char *subject, const char *reason);

/* Takes `count` off what is left: -1 when that is not enough. */
int carchive_spend(int64_t *left, int64_t count);
/* -1, with a word that the caller of the library replaces: it knows what the limit was. */
int carchive_fail_over(struct carchive_failure *failure);

int carchive_write_all(int fd, const void *bytes, size_t count);

/* The file that an archive goes to. */
struct carchive_output {
    int fd, hashes;
    struct carchive_failure *failure;
    struct sha256_ctx hash;
    uint64_t size;
};
/* - Parameter hashes: 0 leaves the digest out. */
void carchive_output_begin(struct carchive_output *output, int fd, int hashes, struct carchive_failure *failure);
/* For libarchive; `output` is one that was begun. */
la_ssize_t carchive_output_write(struct archive *archive, void *output, const void *bytes, size_t count);
/* What was written becomes the blob of *result. */
void carchive_output_finish(struct carchive_output *output, struct carchive_result *result);

/* The uncompressed tar stream of a file, read, decompressed and hashed on a thread of its own. */
struct carchive_stream;
/* - Parameters:
 *   - hashes: 0 leaves the digests out.
 *   - budget: NULL, or what of bytes may come. */
struct carchive_stream *carchive_stream_open(
    int input, int copy, int hashes, struct carchive_budget *budget, struct carchive_failure *failure);
/* The next piece, valid until the next call: its size, 0 at the end, -1. */
ssize_t carchive_stream_next(struct carchive_stream *stream, const void **bytes);
/* Reads to the end and fills in digests and compression. */
int carchive_stream_finish(
    struct carchive_stream *stream, struct carchive_result *result, struct carchive_failure *failure);
/* Why the stream ended early, in *failure; 0 when it did not. */
int carchive_stream_failure(struct carchive_stream *stream, struct carchive_failure *failure);
void carchive_stream_close(struct carchive_stream *stream);

/* What a layer's archive says by names, and an overlay by a device node and an attribute. */
#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define WHITEOUT_META ".wh..wh."
#define IMPLIED_ATTRIBUTE "trusted.mydocker.implied"
#define OPAQUE_ATTRIBUTE "trusted.overlay.opaque"

/* Whether an attribute belongs to an image. `trusted.overlay.*` in an archive could point out of the layer,
 * and labels of another host's security module mean nothing here. */
int carchive_keeps_attribute(const char *name);
#endif
