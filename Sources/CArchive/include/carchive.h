/* Tar archives through libarchive and SHA-256 through nettle.
 *
 * Each library is loaded on first use, so that a program which never touches an archive does not pay for them. libarchive and
 * all that it wants are dear, and a digest does without.
 * Every function returns 0, or -1 with *failure filled in. */
#ifndef CARCHIVE_H
#define CARCHIVE_H
#include <stddef.h>
#include <stdint.h>

enum { CARCHIVE_DIGEST_SIZE = 32 };

/* What was being done, to which file, and why it failed: errno, or `reason` when `number` is 0.
 * An empty subject means the archive itself. */
struct carchive_failure {
    int number;
    /* 1: what is there already is of another kind. */
    int conflicts;
    char operation[64];
    char subject[1024];
    char reason[512];
};

enum carchive_compression {
    CARCHIVE_NONE,
    CARCHIVE_GZIP,
    CARCHIVE_ZSTD,
    CARCHIVE_XZ,
    CARCHIVE_BZIP2,
};

/* `blob` is the archive as it was read or written, `diff` the tar stream inside it. */
struct carchive_result {
    uint8_t blob_digest[CARCHIVE_DIGEST_SIZE];
    uint8_t diff_digest[CARCHIVE_DIGEST_SIZE];
    uint64_t blob_size;
    /* Bytes in regular files. */
    uint64_t content_size;
    /* Directories that a layer's archive has files in, and does not name: they are marked. */
    uint64_t implied;
    int compression;
};

/* What may still be unpacked of what came from elsewhere, counted down by all threads that share it: who comes below 0 fails. */
struct carchive_budget {
    /* Of a compressed archive, which never changes, and of the tar streams in them. */
    int64_t limit, bytes;
    int64_t entries;
};

/* Loads both libraries. */
int carchive_load(struct carchive_failure *failure);

int carchive_sha256(const void *bytes, size_t count, uint8_t *digest, struct carchive_failure *failure);

/* The same of bytes that come piece by piece; room for what the library keeps of them. */
struct carchive_hash {
    uint64_t state[16];
};
int carchive_hash_begin(struct carchive_hash *hash, struct carchive_failure *failure);
void carchive_hash_add(struct carchive_hash *hash, const void *bytes, size_t count);
void carchive_hash_end(struct carchive_hash *hash, uint8_t *digest);

/* Reads the archive `input` to its end and restores it into the directory `root`, as a layer of an overlay.
 * Writes the bytes as they are read to `copy` unless that is -1. `budget` may be NULL. Devices that we may not make are left
 * out. */
int carchive_extract(
    int input, int copy, int root, struct carchive_budget *budget, struct carchive_result *result,
    struct carchive_failure *failure);

/* Takes the mark of an implied directory off it: 1, or 0 when it has none. */
int carchive_take_implied(int directory);

/* Writes the tree below `root` to `output` as a pax archive, overlay whiteouts as those of an image layer. Times after `newest`,
 * in seconds, are written as that. `left_out` has paths from the root, one a line, that are no part of it. */
int carchive_create(
    int root, int output, int64_t newest, const char *left_out, struct carchive_result *result,
    struct carchive_failure *failure);

/* Writes the tar stream of the archive `input` to `output`, compressed as `compression` says: none, gzip or zstd. The same
 * stream gives the same bytes. `goes_on` is asked before each piece, and ends it by 0. In *result `blob` is what was written. */
int carchive_compress(
    int input, int output, int compression, int (*goes_on)(void *context), void *context, struct carchive_result *result,
    struct carchive_failure *failure);

/* A file or directory and how it becomes an archive. */
struct carchive_tree {
    const char *base;
    /* What it is called there; what is in it comes behind a slash. NULL: a directory is ".", and what is in it has no
     * prefix. */
    const char *name;
    /* 1: what is mounted in it is an empty file or directory. */
    int leaves_mounts;
    /* Whether an open directory holds the kernel's own words: it is empty then. */
    int (*is_kernels)(int directory);
};

/* Writes what `parent` has by the name of tree->base, devices included, as a pax archive; no digests. */
int carchive_write_tree(
    int parent, const struct carchive_tree *tree, int output, struct carchive_result *result,
    struct carchive_failure *failure);

/* Restores an archive into `directory` below `root`, whose links are followed as after a chroot, and which others may change
 * meanwhile. A directory and another file never replace each other. Sockets, and devices unless they are asked for, are left out:
 * *left_out counts them. No digests. `is_kernels` and `budget` may be NULL. */
int carchive_restore_tree(
    int input, int root, const char *directory, int makes_devices, int (*is_kernels)(int directory),
    struct carchive_budget *budget, uint64_t *left_out, struct carchive_result *result, struct carchive_failure *failure);

/* 1 when `input` begins with an entry of a tar archive, compressed or not. Reads on from where it stands. */
int carchive_is_tar(int input);

/* Makes the empty file `output` share the blocks of `input`: 0, or -errno when the file system cannot. */
int carchive_clone(int output, int input);
/* Writes all of the file system that `fd` lies on to disk: 0 or -errno. */
int carchive_syncfs(int fd);
#endif
