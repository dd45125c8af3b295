#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The first name of a file with several. */
struct first_name {
    struct first_name *next;
    dev_t device;
    ino_t inode;
    char path[];
};

enum { BUCKETS = 4096, BLOCK_SIZE = 256 << 10, LIST_SIZE = 64 << 10, HELD_DIRECTORIES = 64 };

struct creation {
    int output, root;
    unsigned depth;
    struct sha256_ctx hash;
    struct carchive_result *result;
    struct carchive_failure *failure;
    struct archive *archive;
    struct archive_entry *entry;
    struct first_name *names[BUCKETS];
    /* The file that is being written, from the root. */
    char path[PATH_MAX];
    /* Here and not on the stack, since directories are walked by recursion. */
    char target[PATH_MAX], marker[PATH_MAX + 16];
    char attributes[LIST_SIZE], value[LIST_SIZE];
    uint8_t block[BLOCK_SIZE];
};

static int fail(struct creation *x, const char *operation) {
    return carchive_fail(x->failure, operation, *x->path ? x->path : ".", errno);
}

static la_ssize_t write_output(struct archive *archive, void *context, const void *bytes, size_t count) {
    struct creation *x = context;
    if (carchive_write_all(x->output, bytes, count) < 0) {
        carchive_fail(x->failure, "write archive", NULL, errno);
        A(set_error)(archive, EIO, "cannot write");
        return ARCHIVE_FATAL;
    }
    SHA256(update)(&x->hash, count, bytes);
    x->result->blob_size += count;
    return (la_ssize_t)count;
}

static int unwritable(struct creation *x) {
    return carchive_fail_because(x->failure, "write archive", *x->path ? x->path : NULL, A(error_string)(x->archive));
}

static int write_header(struct creation *x) {
    return A(write_header)(x->archive, x->entry) < ARCHIVE_WARN ? unwritable(x) : 0;
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
    if (!new) return fail(x, "archive");
    *new = (struct first_name){.next = *bucket, .device = status->st_dev, .inode = status->st_ino};
    strcpy(new->path, x->path);
    *bucket = new;
    return 0;
}

static void free_names(struct creation *x) {
    for (int i = 0; i < BUCKETS; i++)
        while (x->names[i]) {
            struct first_name *next = x->names[i]->next;
            free(x->names[i]);
            x->names[i] = next;
        }
}

// MARK: entries

static void describe(struct creation *x, const struct stat *status, const char *name) {
    A(entry_clear)(x->entry);
    A(entry_copy_pathname)(x->entry, name);
    A(entry_set_filetype)(x->entry, status->st_mode & S_IFMT);
    A(entry_set_perm)(x->entry, status->st_mode & 07777);
    A(entry_set_uid)(x->entry, status->st_uid);
    A(entry_set_gid)(x->entry, status->st_gid);
    A(entry_set_mtime)(x->entry, status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
}

/* These say that an overlay keeps the content elsewhere: an archive of what is here would lack it. */
static int is_incomplete(const char *name) {
    return strcmp(name, "trusted.overlay.redirect") == 0 || strcmp(name, "trusted.overlay.metacopy") == 0;
}

/* - Returns: 1 when the file is an opaque directory. */
static int add_attributes(struct creation *x, int fd) {
    int opaque = 0;
    ssize_t length = flistxattr(fd, x->attributes, LIST_SIZE);
    if (length < 0) return errno == ENOTSUP ? 0 : fail(x, "read attributes of");
    for (char *name = x->attributes; name < x->attributes + length; name += strlen(name) + 1) {
        if (is_incomplete(name))
            return carchive_fail_because(
                x->failure, "archive", x->path, "the overlay was mounted with redirect_dir or metacopy");
        int is_opaque = strcmp(name, OPAQUE_ATTRIBUTE) == 0;
        if (!is_opaque && !carchive_keeps_attribute(name)) continue;
        ssize_t size = fgetxattr(fd, name, x->value, LIST_SIZE);
        if (size < 0) return fail(x, "read attributes of");
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
        if (n < 0) return fail(x, "read");
        if (n == 0) return 0;
        if (A(write_data)(x->archive, x->block, (size_t)n) < 0) return unwritable(x);
        size -= n;
        x->result->content_size += (uint64_t)n;
    }
    return 0;
}

static int archive_file(struct creation *x, int parent, const char *base) {
    int fd = openat(parent, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        fail(x, "open");
        if (fd >= 0) close(fd);
        return -1;
    }
    describe(x, &status, x->path);
    A(entry_set_size)(x->entry, status.st_size);
    int result = add_attributes(x, fd);
    if (result >= 0) result = write_header(x);
    if (result == 0) result = write_content(x, fd, status.st_size);
    close(fd);
    return result;
}

static int archive_symlink(struct creation *x, int parent, const char *base, const struct stat *status) {
    ssize_t length = readlinkat(parent, base, x->target, sizeof x->target - 1);
    if (length < 0) return fail(x, "read symbolic link");
    x->target[length] = 0;
    describe(x, status, x->path);
    A(entry_copy_symlink)(x->entry, x->target);
    return write_header(x);
}

static int archive_hardlink(struct creation *x, const struct stat *status, const char *target) {
    describe(x, status, x->path);
    A(entry_set_size)(x->entry, 0);
    A(entry_copy_hardlink)(x->entry, target);
    return write_header(x);
}

static int archive_plain(struct creation *x, const struct stat *status) {
    describe(x, status, x->path);
    return write_header(x);
}

/* An empty file `name` in the directory that x->path ends with at `end`. */
static int archive_marker(struct creation *x, size_t end, const char *prefix, const char *name) {
    struct stat status = {.st_mode = S_IFREG};
    memcpy(x->marker, x->path, end);
    size_t used = end;
    if (end > 0) x->marker[used++] = '/';
    strcpy(x->marker + used, prefix);
    strcat(x->marker, name);
    describe(x, &status, x->marker);
    A(entry_set_size)(x->entry, 0);
    return write_header(x);
}

// MARK: directories

static int archive_directory(struct creation *x, int *parent, const char *base, size_t parent_end);

static int archive_node(struct creation *x, int *directory, const char *base, size_t directory_end) {
    int parent = *directory;
    struct stat status;
    const char *first = NULL;
    if (strncmp(base, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
        return carchive_fail_because(
            x->failure, "archive", x->path,
            "in an image a name that begins with .wh. stands for a deleted file; remove or rename it first");
    if (fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) < 0) return errno == ENOENT ? 0 : fail(x, "open");
    if (S_ISDIR(status.st_mode)) return archive_directory(x, directory, base, directory_end);
    if (S_ISCHR(status.st_mode) && status.st_rdev == 0)
        return archive_marker(x, directory_end, WHITEOUT_PREFIX, base);
    // Sockets mean nothing without their process, and devices are not part of images.
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode) && !S_ISFIFO(status.st_mode)) return 0;
    if (status.st_nlink > 1 && find_first_name(x, &status, &first) < 0) return -1;
    if (first) return archive_hardlink(x, &status, first);
    if (S_ISREG(status.st_mode)) return archive_file(x, parent, base);
    if (S_ISLNK(status.st_mode)) return archive_symlink(x, parent, base, &status);
    return archive_plain(x, &status);
}

static int archive_named(struct creation *x, int *directory, const char *name) {
    size_t end = strlen(x->path);
    if (end + strlen(name) + 2 > PATH_MAX) return carchive_fail(x->failure, "archive", x->path, ENAMETOOLONG);
    if (end > 0) x->path[end] = '/';
    strcpy(x->path + end + (end > 0), name);
    int status = archive_node(x, directory, name, end);
    // What failed keeps its name for the report.
    if (status == 0) x->path[end] = 0;
    return status;
}

static int is_visible(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **left, const struct dirent **right) {
    return strcmp((*left)->d_name, (*right)->d_name);
}

/* Sorted, so that the same tree gives the same archive. */
static int archive_entries(struct creation *x, int *directory) {
    struct dirent **entries;
    int count = scandirat(*directory, ".", &entries, is_visible, by_bytes);
    if (count < 0) return fail(x, "read directory");
    int status = 0;
    for (int i = 0; i < count; i++) {
        if (status == 0) status = archive_named(x, directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int archive_opened_directory(struct creation *x, int *directory) {
    struct stat status;
    if (fstat(*directory, &status) < 0) return fail(x, "open directory");
    describe(x, &status, *x->path ? x->path : "./");
    int opaque = add_attributes(x, *directory);
    if (opaque < 0 || write_header(x) < 0) return -1;
    if (opaque && archive_marker(x, strlen(x->path), WHITEOUT_OPAQUE, "") < 0) return -1;
    return archive_entries(x, directory);
}

/* A directory that was archived in part, from its name: `length` bytes of x->path. */
static int reopen(struct creation *x, size_t length) {
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    char after = x->path[length];
    x->path[length] = 0;
    int fd = (int)syscall(SYS_openat2, x->root, length ? x->path : ".", &how, sizeof how);
    if (fd < 0) fail(x, "open directory");
    x->path[length] = after;
    return fd;
}

/* Deep down, the directory above is closed meanwhile: a tree may have more levels than we may have descriptors. */
static int archive_directory(struct creation *x, int *parent, const char *base, size_t parent_end) {
    int directory = openat(*parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) return fail(x, "open directory");
    int is_deep = ++x->depth > HELD_DIRECTORIES;
    if (is_deep) {
        close(*parent);
        *parent = -1;
    }
    int status = archive_opened_directory(x, &directory);
    if (directory >= 0) close(directory);
    if (is_deep && status == 0 && (*parent = reopen(x, parent_end)) < 0) status = -1;
    x->depth--;
    return status;
}

// MARK: the archive

static int write_all(struct creation *x, int root) {
    A(write_set_format_pax)(x->archive);
    // One form of extended attributes, the one that everybody reads.
    if (A(write_set_options)(x->archive, "pax:xattrheader=SCHILY") < ARCHIVE_WARN) return unwritable(x);
    A(write_set_bytes_per_block)(x->archive, BLOCK_SIZE);
    A(write_set_bytes_in_last_block)(x->archive, 1);
    if (A(write_open)(x->archive, x, NULL, write_output, NULL) != ARCHIVE_OK) return unwritable(x);
    x->root = root;
    int directory = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return fail(x, "open directory");
    int status = archive_opened_directory(x, &directory);
    if (directory >= 0) close(directory);
    if (status < 0) return -1;
    return A(write_close)(x->archive) != ARCHIVE_OK ? unwritable(x) : 0;
}

static int create(struct creation *x, int root) {
    x->archive = A(write_new)();
    x->entry = A(entry_new)();
    int status = -1;
    if (x->archive && x->entry) status = write_all(x, root);
    else carchive_fail(x->failure, "write archive", NULL, ENOMEM);
    if (x->entry) A(entry_free)(x->entry);
    if (x->archive) A(write_free)(x->archive);
    return status;
}

static int create_hashed(struct creation *x, int root) {
    SHA256(init)(&x->hash);
    // As in carchive_extract: names are UTF-8.
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int status = create(x, root);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    free_names(x);
    SHA256(digest)(&x->hash, CARCHIVE_DIGEST_SIZE, x->result->blob_digest);
    memcpy(x->result->diff_digest, x->result->blob_digest, CARCHIVE_DIGEST_SIZE);
    return status;
}

int carchive_create(int root, int output, struct carchive_result *result, struct carchive_failure *failure) {
    memset(failure, 0, sizeof *failure);
    memset(result, 0, sizeof *result);
    if (carchive_load(failure) < 0) return -1;
    struct creation *x = calloc(1, sizeof *x);
    if (!x) return carchive_fail(failure, "write archive", NULL, ENOMEM);
    x->output = output;
    x->result = result;
    x->failure = failure;
    int status = create_hashed(x, root);
    free(x);
    return status;
}
