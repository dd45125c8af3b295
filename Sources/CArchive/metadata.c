#include "extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

int extraction_fail(struct extraction *x, const char *operation) {
    return carchive_fail(x->tree.failure, operation, *x->path ? x->path : ".", errno);
}

void extraction_times(struct archive_entry *entry, struct timespec times[2]) {
    times[0].tv_sec = A(entry_mtime)(entry);
    times[0].tv_nsec = A(entry_mtime_nsec)(entry);
    times[1] = times[0];
}

/* - Parameter path: NULL, or what cannot be opened itself. */
static int set_attributes(struct extraction *x, int fd, const char *path) {
    const char *name;
    const void *value;
    size_t size;
    A(entry_xattr_reset)(x->entry);
    while (A(entry_xattr_next)(x->entry, &name, &value, &size) == ARCHIVE_OK) {
        if (!carchive_keeps_attribute(name)) continue;
        // Programs have attributes of their own on files and directories alone.
        if (path && strncmp(name, "user.", 5) == 0) continue;
        if (strcmp(name, "system.posix_acl_default") == 0) x->tree.has_default_list = 1;
        if ((path ? setxattr(path, name, value, size, 0) : fsetxattr(fd, name, value, size, 0)) == 0) continue;
        // A file system without user attributes loses nothing that a program relies on, unlike a capability.
        if (errno != ENOTSUP || strncmp(name, "user.", 5) != 0) return extraction_fail(x, "set attribute of");
    }
    return 0;
}

/* Ownership first, since changing it clears set-user-ID bits and capabilities. */
int extraction_set_metadata(struct extraction *x, int fd) {
    uid_t owner = (uid_t)A(entry_uid)(x->entry);
    gid_t group = (gid_t)A(entry_gid)(x->entry);
    if (fchown(fd, owner, group) < 0) return extraction_fail(x, "set owner of");
    tree_clear_lists(&x->tree, fd, NULL); // which are part of its mode
    if (fchmod(fd, A(entry_mode)(x->entry) & 07777) < 0) return extraction_fail(x, "set mode of");
    return set_attributes(x, fd, NULL);
}

/* For what cannot be opened. */
int extraction_set_metadata_at(struct extraction *x, int parent, const char *base) {
    struct timespec times[2];
    extraction_times(x->entry, times);
    uid_t owner = (uid_t)A(entry_uid)(x->entry);
    gid_t group = (gid_t)A(entry_gid)(x->entry);
    if (fchownat(parent, base, owner, group, AT_SYMLINK_NOFOLLOW) < 0) return extraction_fail(x, "set owner of");
    if (utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) < 0) return extraction_fail(x, "set time of");
    return 0;
}

/* Mode and lists of a pipe or device, by a descriptor: by its name chmod would follow a link that somebody has put there
 * meanwhile. */
int extraction_set_node_mode(struct extraction *x, int parent, const char *base) {
    char path[32];
    struct stat status;
    int fd = openat(parent, base, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = 0;
    if (fd < 0) return extraction_fail(x, "set mode of");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == A(entry_filetype)(x->entry)) {
        tree_clear_lists(&x->tree, -1, path);
        result = chmod(path, A(entry_mode)(x->entry) & 07777) < 0 ? extraction_fail(x, "set mode of") : set_attributes(x, -1, path);
    }
    close(fd);
    return result;
}
