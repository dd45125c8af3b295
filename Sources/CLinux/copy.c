/* Copying what a file is made of, by descriptors. */
#include "clinux.h"
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 16 };

static int copy_through(char *buffer, int from, int to, off_t *start, off_t end) {
    while (*start < end) {
        size_t size = end - *start < BUFFER_SIZE ? (size_t)(end - *start) : BUFFER_SIZE;
        ssize_t count = pread(from, buffer, size, *start);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 ? -errno : 0;
        for (ssize_t done = 0; done < count;) {
            ssize_t n = pwrite(to, buffer + done, (size_t)(count - done), *start + done);
            if (n < 0 && errno != EINTR) return -errno;
            if (n > 0) done += n;
        }
        *start += count;
    }
    return 0;
}

/* For file systems between which the kernel does not copy by itself. */
static int copy_by_hand(int from, int to, off_t *start, off_t end) {
    char *buffer = malloc(BUFFER_SIZE);
    int status = buffer ? copy_through(buffer, from, to, start, end) : -ENOMEM;
    free(buffer);
    return status;
}

static int copy_range(int from, int to, off_t start, off_t end) {
    off_t target = start;
    while (start < end) {
        ssize_t count = copy_file_range(from, &start, to, &target, (size_t)(end - start), 0);
        if (count == 0) return 0;
        if (count > 0 || errno == EINTR) continue;
        if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return -errno;
        return copy_by_hand(from, to, &start, end);
    }
    return 0;
}

int clinux_copy_next(int from, int to, int64_t *position, int64_t limit, int64_t size) {
    off_t start = lseek(from, *position, SEEK_DATA);
    if (start < 0) {
        /* ENXIO: a hole to the end. */
        *position = size;
        return errno == ENXIO ? result(ftruncate(to, size)) : -errno;
    }
    off_t end = lseek(from, start, SEEK_HOLE);
    if (end < 0) return -errno;
    if (end - start > limit) end = start + limit;
    int status = copy_range(from, to, start, end);
    if (status < 0) return status;
    *position = end;
    return end >= size ? result(ftruncate(to, size)) : 0;
}

/* What has gone since it was listed is no failure, and what the other file system has no place for is none either. */
static int unsupported(void) { return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno; }

static int copy_attribute(int from, int to, const char *name) {
    ssize_t size = fgetxattr(from, name, NULL, 0);
    if (size < 0) return unsupported();
    char *value = malloc((size_t)size + 1);
    if (!value) return -ENOMEM;
    size = fgetxattr(from, name, value, (size_t)size);
    int status = size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0 ? unsupported() : 0;
    free(value);
    return status;
}

int clinux_copy_attributes(int from, int to) {
    static const char overlay[] = "trusted.overlay.";
    ssize_t size = flistxattr(from, NULL, 0);
    if (size <= 0) return size < 0 ? unsupported() : 0;
    char *names = malloc((size_t)size);
    if (!names) return -ENOMEM;
    size = flistxattr(from, names, (size_t)size);
    int status = size < 0 ? -errno : 0;
    for (const char *name = names; status == 0 && name < names + size; name += strlen(name) + 1)
        if (strncmp(name, overlay, sizeof overlay - 1) != 0) status = copy_attribute(from, to, name);
    free(names);
    return status;
}

int clinux_rename_new(int from, const char *name, int to) {
    return result(renameat2(from, name, to, name, RENAME_NOREPLACE));
}
