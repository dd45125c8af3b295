#ifndef CARCHIVE_XZ_H
#define CARCHIVE_XZ_H
#include "internal.h"

enum { XZ_MAGIC_SIZE = 6 };

/* What is packed by xz, decoded with a limit of memory. */
struct xz;

/* Whether `bytes`, of which there are XZ_MAGIC_SIZE, are the beginning of such a file. */
int xz_begins(const uint8_t *bytes);
/* NULL and *failure where it cannot be decoded. */
struct xz *xz_open(struct carchive_failure *failure);
/* Fills in `size` bytes, fewer at the end, 0 behind it; -1 and *failure.
 * - Parameter next: gives what is packed, piece by piece: its size, 0 at the end, -1 with *failure filled in. */
ssize_t xz_read(
    struct xz *xz, uint8_t *bytes, size_t size, ssize_t (*next)(void *context, const void **piece), void *context,
    struct carchive_failure *failure);
/* - Parameter xz: NULL is nothing. */
void xz_close(struct xz *xz);
#endif
