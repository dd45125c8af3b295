/* The entries of an archive that is written. */
#include "create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

int creation_fail(struct creation *x, const char *operation) {
    return carchive_fail(x->failure, operation, *x->path ? x->path : ".", errno);
}

int creation_unwritable(struct creation *x) {
    return carchive_fail_because(x->failure, "write archive", *x->path ? x->path : NULL, A(error_string)(x->archive));
}

int creation_write_header(struct creation *x) {
    return A(write_header)(x->archive, x->entry) < ARCHIVE_WARN ? creation_unwritable(x) : 0;
}

// MARK: hard links

/* Gives the first name of a file that was seen already; else remembers x->path as its first. */
static int find_first_name(struct creation *x, const struct stat *status, const char **name) {
    struct first_name **bucket = &x->names[(status->st_ino ^ status->st_dev) % BUCKETS];
    *name = NULL;
    for (struct first_name *known = *bucket; known; known = known->next)
        if (known->inode == status->st_ino && known->device == status->st_dev) {
            *name = known->path;
            return 0;
        }
    struct first_name *new = malloc(sizeof *new + strlen(x->path) + 1);
    if (!new) return creation_fail(x, "archive");
    *new = (struct first_name){.next = *bucket, .device = status->st_dev, .inode = status->st_ino};
    strcpy(new->path, x->path);
    *bucket = new;
    return 0;
}

void creation_free_names(struct creation *x) {
    for (int i = 0; i < BUCKETS; i++)
        while (x->names[i]) {
            struct first_name *next = x->names[i]->next;
            free(x->names[i]);
            x->names[i] = next;
        }
}

// MARK: entries

const char *creation_name(struct creation *x, const char *path) {
    if (!x->tree || !x->tree->name) return *path ? path : "./";
    strcpy(x->name, x->tree->name);
    if (*path) strcat(strcat(x->name, "/"), path);
    return *x->name ? x->name : "/";
}

void creation_describe(struct creation *x, const struct stat *status, const char *name) {
    A(entry_clear)(x->entry);
    A(entry_copy_pathname)(x->entry, name);
    A(entry_set_filetype)(x->entry, status->st_mode & S_IFMT);
    A(entry_set_perm)(x->entry, status->st_mode & 07777);
    A(entry_set_uid)(x->entry, status->st_uid);
    A(entry_set_gid)(x->entry, status->st_gid);
    int is_late = status->st_mtim.tv_sec >= x->newest;
    A(entry_set_mtime)(x->entry, is_late ? x->newest : status->st_mtim.tv_sec, is_late ? 0 : status->st_mtim.tv_nsec);
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode)) A(entry_set_rdev)(x->entry, status->st_rdev);
}

/* These say that an overlay keeps the content elsewhere: an archive of what is here would lack it. */
static int is_incomplete(const char *name) {
    return strcmp(name, "trusted.overlay.redirect") == 0 || strcmp(name, "trusted.overlay.metacopy") == 0;
}

/* - Returns: 1 when the file is an opaque directory. */
int creation_add_attributes(struct creation *x, int fd) {
    int opaque = 0;
    ssize_t length = flistxattr(fd, x->attributes, LIST_SIZE);
    if (length < 0) return errno == ENOTSUP ? 0 : creation_fail(x, "read attributes of");
    for (char *name = x->attributes; name < x->attributes + length; name += strlen(name) + 1) {
        if (!x->tree && is_incomplete(name))
            return carchive_fail_because(
                x->failure, "archive", x->path, "the overlay was mounted with redirect_dir or metacopy");
        int is_opaque = !x->tree && strcmp(name, OPAQUE_ATTRIBUTE) == 0;
        if (!is_opaque && !carchive_keeps_attribute(name)) continue;
        ssize_t size = fgetxattr(fd, name, x->value, LIST_SIZE);
        if (size < 0) return creation_fail(x, "read attributes of");
        if (is_opaque) opaque = size == 1 && *x->value == 'y';
        else A(entry_xattr_add_entry)(x->entry, name, x->value, (size_t)size);
    }
    return opaque;
}

/* A file that shrinks meanwhile is filled up with zeros by libarchive, one that grows is cut. */
static int write_content(struct creation *x, int fd, off_t size) {
    while (size > 0) {
        ssize_t n = read(fd, x->block, size < BLOCK_SIZE ? (size_t)size : BLOCK_SIZE);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return creation_fail(x, "read");
        if (n == 0) return 0;
        if (A(write_data)(x->archive, x->block, (size_t)n) < 0) return creation_unwritable(x);
        size -= n;
        x->result->content_size += (uint64_t)n;
    }
    return 0;
}

static int archive_file(struct creation *x, int parent, const char *base) {
    int fd = openat(parent, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        creation_fail(x, "open");
        if (fd >= 0) close(fd);
        return -1;
    }
    /* Another kind of file a moment ago. */
    if (!S_ISREG(status.st_mode)) return close(fd);
    creation_describe(x, &status, creation_name(x, x->path));
    A(entry_set_size)(x->entry, status.st_size);
    int result = creation_add_attributes(x, fd);
    if (result >= 0) result = creation_write_header(x);
    if (result == 0) result = write_content(x, fd, status.st_size);
    close(fd);
    return result;
}

static int archive_symlink(struct creation *x, int parent, const char *base, const struct stat *status) {
    ssize_t length = readlinkat(parent, base, x->target, sizeof x->target - 1);
    if (length < 0) return creation_fail(x, "read symbolic link");
    x->target[length] = 0;
    creation_describe(x, status, creation_name(x, x->path));
    A(entry_copy_symlink)(x->entry, x->target);
    return creation_write_header(x);
}

static int archive_hardlink(struct creation *x, const struct stat *status, const char *target) {
    creation_describe(x, status, creation_name(x, x->path));
    A(entry_set_size)(x->entry, 0);
    A(entry_copy_hardlink)(x->entry, creation_name(x, target));
    return creation_write_header(x);
}

static int archive_plain(struct creation *x, const struct stat *status) {
    creation_describe(x, status, creation_name(x, x->path));
    return creation_write_header(x);
}

/* An empty file `name` in the directory that x->path ends with at `end`. */
int creation_add_marker(struct creation *x, size_t end, const char *prefix, const char *name) {
    struct stat status = {.st_mode = S_IFREG};
    memcpy(x->marker, x->path, end);
    size_t used = end;
    if (end > 0) x->marker[used++] = '/';
    strcpy(x->marker + used, prefix);
    strcat(x->marker, name);
    creation_describe(x, &status, x->marker);
    A(entry_set_size)(x->entry, 0);
    return creation_write_header(x);
}

int creation_add_file(struct creation *x, int parent, const char *base, const struct stat *status) {
    const char *first = NULL;
    if (status->st_nlink > 1 && find_first_name(x, status, &first) < 0) return -1;
    if (first) return archive_hardlink(x, status, first);
    if (S_ISREG(status->st_mode)) return archive_file(x, parent, base);
    if (S_ISLNK(status->st_mode)) return archive_symlink(x, parent, base, status);
    return archive_plain(x, status);
}
