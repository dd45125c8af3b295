/* What a file holds and is marked with, from one open file to another. */
#include "clinux.h"
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* One piece, within the kernel. Within a file system it may share blocks; between two it goes through the page cache. */
static ssize_t copy_piece(int from, int to, off_t *offset, size_t size) {
    off_t output = *offset;
    ssize_t n = copy_file_range(from, offset, to, &output, size, 0);
    if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)) return n;
    if (lseek(to, *offset, SEEK_SET) < 0) return -1;
    return sendfile(to, from, offset, size);
}

static int copy_range(int from, int to, off_t start, off_t end) {
    while (start < end) {
        ssize_t n = copy_piece(from, to, &start, (size_t)(end - start));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? -errno : 0;
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

static int is_wanted(const char *name, int kinds) {
    if (strncmp(name, "user.", 5) == 0) return 1;
    if (strcmp(name, "security.capability") == 0) return (kinds & CLINUX_COPY_CAPABILITIES) != 0;
    return (kinds & CLINUX_COPY_OTHERS) != 0 && strncmp(name, "trusted.overlay.", 16) != 0;
}

/* What has gone since it was listed is no failure. A file system without such attributes loses nothing that a program relies
 * on, unlike a capability. */
static int loss(const char *name) {
    if (errno == ENODATA) return 0;
    return errno == EOPNOTSUPP && strcmp(name, "security.capability") != 0 ? 0 : -errno;
}

static int copy_attribute(int from, int to, const char *name) {
    ssize_t size = fgetxattr(from, name, NULL, 0);
    if (size < 0) return loss(name);
    char *value = malloc((size_t)size + 1);
    if (!value) return -ENOMEM;
    size = fgetxattr(from, name, value, (size_t)size);
    int status = size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0 ? loss(name) : 0;
    free(value);
    return status;
}

int clinux_copy_attributes(int from, int to, int kinds) {
    ssize_t size = flistxattr(from, NULL, 0);
    if (size <= 0) return size < 0 && errno != EOPNOTSUPP ? -errno : 0;
    char *names = malloc((size_t)size);
    if (!names) return -ENOMEM;
    size = flistxattr(from, names, (size_t)size);
    int status = size < 0 ? -errno : 0;
    for (const char *name = names; status == 0 && name < names + size; name += strlen(name) + 1)
        if (is_wanted(name, kinds)) status = copy_attribute(from, to, name);
    free(names);
    return status;
}

int clinux_rename_new(int from, const char *name, int to) {
    return result(renameat2(from, name, to, name, RENAME_NOREPLACE));
}

int64_t clinux_file_system_kind(int fd) {
    struct statfs status;
    return fstatfs(fd, &status) < 0 ? -errno : (int64_t)(uint32_t)status.f_type;
}

int clinux_link_unnamed(int fd, int directory, const char *name) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return result(linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW));
}

int clinux_set_mode(int fd, mode_t mode) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return result(chmod(path, mode));
}
