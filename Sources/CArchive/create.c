/* A tree of files as an archive: the layer of an image, or the tree itself. */
#include "create.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// MARK: directories

static int archive_directory(struct creation *x, int *parent, const char *base, size_t parent_end);

static int is_mount_at(int parent, const char *base, int flags) {
    struct statx status;
    if (statx(parent, base, flags | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &status) < 0) return 0;
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Whether what is in a directory is no part of the tree. */
static int is_foreign(struct creation *x, int directory) {
    if (!x->tree) return 0;
    if (x->tree->leaves_mounts && *x->path && is_mount_at(directory, "", AT_EMPTY_PATH)) return 1;
    return x->tree->is_kernels(directory);
}

/* A mount shows as an empty file of its own kind. */
static int add_of_tree(struct creation *x, int parent, const char *base, const struct stat *status) {
    if (!x->tree->leaves_mounts || !S_ISREG(status->st_mode) || !is_mount_at(parent, base, 0))
        return creation_add_file(x, parent, base, status);
    creation_describe(x, status, creation_name(x, x->path));
    A(entry_set_size)(x->entry, 0);
    return creation_write_header(x);
}

static int archive_node(struct creation *x, int *directory, const char *base, size_t directory_end) {
    int parent = *directory;
    struct stat status;
    if (!x->tree && strncmp(base, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
        return carchive_fail_because(
            x->failure, "archive", x->path,
            "in an image a name that begins with .wh. stands for a deleted file; remove or rename it first");
    if (fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) < 0) return errno == ENOENT ? 0 : creation_fail(x, "open");
    if (S_ISDIR(status.st_mode)) return archive_directory(x, directory, base, directory_end);
    if (x->tree) return S_ISSOCK(status.st_mode) ? 0 : add_of_tree(x, parent, base, &status);
    if (S_ISCHR(status.st_mode) && status.st_rdev == 0)
        return creation_add_marker(x, directory_end, WHITEOUT_PREFIX, base);
    // They mean nothing without their process.
    if (S_ISSOCK(status.st_mode)) return 0;
    return creation_add_file(x, parent, base, &status);
}

static int is_left_out(const struct creation *x) {
    size_t length = strlen(x->path), count;
    for (const char *line = x->left_out; *line; line += count + (line[count] == '\n')) {
        count = strcspn(line, "\n");
        if (count == length && memcmp(line, x->path, length) == 0) return 1;
    }
    return 0;
}

static int archive_named(struct creation *x, int *directory, const char *name) {
    size_t end = strlen(x->path);
    if (end + strlen(name) + 2 > PATH_MAX) return carchive_fail(x->failure, "archive", x->path, ENAMETOOLONG);
    if (end > 0) x->path[end] = '/';
    strcpy(x->path + end + (end > 0), name);
    int status = is_left_out(x) ? 0 : archive_node(x, directory, name, end);
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
    if (count < 0) return creation_fail(x, "read directory");
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
    if (fstat(*directory, &status) < 0) return creation_fail(x, "open directory");
    creation_describe(x, &status, creation_name(x, x->path));
    int opaque = creation_add_attributes(x, *directory);
    if (opaque < 0 || creation_write_header(x) < 0) return -1;
    if (opaque && creation_add_marker(x, strlen(x->path), WHITEOUT_OPAQUE, "") < 0) return -1;
    return is_foreign(x, *directory) ? 0 : archive_entries(x, directory);
}

/* A directory that was archived in part, from its name: `length` bytes of x->path. */
static int reopen(struct creation *x, size_t length) {
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    char after = x->path[length];
    x->path[length] = 0;
    int fd = (int)syscall(SYS_openat2, x->root, length ? x->path : ".", &how, sizeof how);
    if (fd < 0) creation_fail(x, "open directory");
    x->path[length] = after;
    return fd;
}

/* Deep down, the directory above is closed meanwhile: a tree may have more levels than we may have descriptors. */
static int archive_directory(struct creation *x, int *parent, const char *base, size_t parent_end) {
    int directory = openat(*parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) return creation_fail(x, "open directory");
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

static int write_layer(struct creation *x, int root) {
    int directory = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return creation_fail(x, "open directory");
    int status = archive_opened_directory(x, &directory);
    if (directory >= 0) close(directory);
    return status;
}

/* `root` is the directory that holds it. */
static int write_tree(struct creation *x, int root) {
    struct stat status;
    const char *base = x->tree->base;
    if (fstatat(root, base, &status, AT_SYMLINK_NOFOLLOW) < 0) return creation_fail(x, "open");
    if (!S_ISDIR(status.st_mode)) return creation_add_file(x, root, base, &status);
    x->root = openat(root, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (x->root < 0) return creation_fail(x, "open directory");
    int result = write_layer(x, x->root);
    close(x->root);
    return result;
}

static int write_all(struct creation *x, int root) {
    A(write_set_format_pax)(x->archive);
    // One form of extended attributes, the one that everybody reads.
    if (A(write_set_options)(x->archive, "pax:xattrheader=SCHILY") < ARCHIVE_WARN) return creation_unwritable(x);
    A(write_set_bytes_per_block)(x->archive, BLOCK_SIZE);
    A(write_set_bytes_in_last_block)(x->archive, 1);
    if (A(write_open)(x->archive, &x->output, NULL, carchive_output_write, NULL) != ARCHIVE_OK) return creation_unwritable(x);
    x->root = root;
    if ((x->tree ? write_tree(x, root) : write_layer(x, root)) < 0) return -1;
    return A(write_close)(x->archive) != ARCHIVE_OK ? creation_unwritable(x) : 0;
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
    // As in carchive_extract: names are UTF-8.
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int status = create(x, root);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    creation_free_names(x);
    carchive_output_finish(&x->output, x->result);
    memcpy(x->result->diff_digest, x->result->blob_digest, CARCHIVE_DIGEST_SIZE);
    return status;
}

static int write_archive(
    int root, const struct carchive_tree *tree, int output, int64_t newest, const char *left_out,
    struct carchive_result *result, struct carchive_failure *failure) {
    memset(failure, 0, sizeof *failure);
    memset(result, 0, sizeof *result);
    if (carchive_load(failure) < 0) return -1;
    struct creation *x = calloc(1, sizeof *x);
    if (!x) return carchive_fail(failure, "write archive", NULL, ENOMEM);
    x->tree = tree;
    carchive_output_begin(&x->output, output, tree == NULL, failure);
    x->newest = newest;
    x->left_out = left_out;
    x->result = result;
    x->failure = failure;
    int status = create_hashed(x, root);
    free(x);
    return status;
}

int carchive_create(
    int root, int output, int64_t newest, const char *left_out, struct carchive_result *result,
    struct carchive_failure *failure) {
    return write_archive(root, NULL, output, newest, left_out, result, failure);
}

int carchive_write_tree(
    int parent, const struct carchive_tree *tree, int output, struct carchive_result *result,
    struct carchive_failure *failure) {
    return write_archive(parent, tree, output, INT64_MAX, "", result, failure);
}
