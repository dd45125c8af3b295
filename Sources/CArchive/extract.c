#include "extract.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Where a name of the archive goes below the root. */
static int place(struct extraction *x, const char *name, char path[PATH_MAX]) {
    char clean[PATH_MAX];
    if (!x->directory) return tree_clean(&x->tree, name, path);
    if (tree_clean(&x->tree, name, clean) < 0) return -1;
    size_t length = strlen(x->directory);
    if (length + strlen(clean) + 2 > PATH_MAX) return carchive_fail(x->tree.failure, "restore", name, ENAMETOOLONG);
    strcpy(path, x->directory);
    if (length > 0 && *clean) path[length++] = '/';
    strcpy(path + length, clean);
    return 0;
}

// MARK: kinds of entries

static int write_at(int fd, const char *bytes, size_t count, off_t offset) {
    while (count > 0) {
        ssize_t n = pwrite(fd, bytes, count, offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        bytes += n;
        count -= (size_t)n;
        offset += n;
    }
    return 0;
}

/* Blocks come with offsets: what lies between them is a hole. */
static int write_content(struct extraction *x, int fd) {
    const void *bytes;
    size_t count;
    la_int64_t offset, end = 0;
    int status;
    while ((status = A(read_data_block)(x->archive, &bytes, &count, &offset)) == ARCHIVE_OK) {
        if (write_at(fd, bytes, count, offset) < 0) return extraction_fail(x, "write");
        end = offset + (la_int64_t)count;
        x->result->content_size += count;
    }
    if (status != ARCHIVE_EOF)
        return carchive_fail_because(x->tree.failure, "read archive", NULL, A(error_string)(x->archive));
    if (end < A(entry_size)(x->entry) && ftruncate(fd, A(entry_size)(x->entry)) < 0) return extraction_fail(x, "write");
    return 0;
}

static int restore_file(struct extraction *x, int parent, const char *base) {
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, base, flags, 0600);
    if (fd < 0 && errno == EEXIST) {
        if (tree_clear(&x->tree, parent, base, x->path) < 0) return -1;
        fd = openat(parent, base, flags, 0600);
    }
    if (fd < 0) return extraction_fail(x, "create");
    struct timespec times[2];
    extraction_times(x->entry, times);
    int status = write_content(x, fd);
    if (status == 0) status = extraction_set_metadata(x, fd);
    if (status == 0 && futimens(fd, times) < 0) status = extraction_fail(x, "set time of");
    if (close(fd) < 0 && status == 0) status = extraction_fail(x, "write");
    // Nothing that is only a part.
    if (status < 0 && x->directory) unlinkat(parent, base, 0);
    return status;
}

static int restore_directory(struct extraction *x, int parent, const char *base) {
    struct timespec times[2];
    extraction_times(x->entry, times);
    int fd = *x->path ? tree_make_directory(&x->tree, parent, base, x->path) : fcntl(x->tree.root, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) return *x->path ? -1 : extraction_fail(x, "open directory");
    int status = extraction_set_metadata(x, fd);
    // The archive names it after what is in it.
    if (x->tree.implied > 0 && carchive_take_implied(fd)) x->tree.implied--;
    if (status == 0) status = tree_date(&x->tree, x->path, fd, times);
    close(fd);
    return status;
}

static int restore_symlink(struct extraction *x, int parent, const char *base) {
    const char *target = A(entry_symlink)(x->entry);
    if (tree_clear(&x->tree, parent, base, x->path) < 0) return -1;
    if (!target || symlinkat(target, parent, base) < 0) return extraction_fail(x, "create symbolic link");
    return extraction_set_metadata_at(x, parent, base);
}

static int restore_fifo(struct extraction *x, int parent, const char *base) {
    if (tree_clear(&x->tree, parent, base, x->path) < 0) return -1;
    if (mkfifoat(parent, base, 0600) < 0) return extraction_fail(x, "create named pipe");
    if (extraction_set_metadata_at(x, parent, base) < 0) return -1;
    return extraction_set_node_mode(x, parent, base);
}

/* Of a layer, or of what becomes one, which is mounted without devices: it opens nothing there. What has the number of a whiteout is none, and
 * without the right to make devices, as in another container, there are none. */
static int restore_device(struct extraction *x, int parent, const char *base) {
    mode_t kind = (mode_t)A(entry_filetype)(x->entry);
    dev_t number = A(entry_rdev)(x->entry);
    if (x->leaves_devices || (kind == S_IFCHR && number == 0)) {
        x->left_out++;
        return 0;
    }
    if (tree_clear(&x->tree, parent, base, x->path) < 0) return -1;
    if (mknodat(parent, base, kind | 0600, number) < 0) {
        if (errno != EPERM) return extraction_fail(x, "create device");
        x->left_out++;
        return 0;
    }
    if (extraction_set_metadata_at(x, parent, base) < 0) return -1;
    return extraction_set_node_mode(x, parent, base);
}

/* The target is looked up as every other name: inside, or nowhere. */
static int restore_hardlink(struct extraction *x, int parent, const char *base) {
    char target[PATH_MAX];
    const char *target_base = target;
    if (place(x, A(entry_hardlink)(x->entry), target) < 0) return -1;
    if (strcmp(target, x->path) == 0) return 0;
    char *slash = strrchr(target, '/');
    if (slash) {
        *slash = 0;
        target_base = slash + 1;
    }
    int from = tree_open_directory(&x->tree, slash ? target : "");
    if (from < 0) return -1;
    int status = tree_clear(&x->tree, parent, base, x->path);
    if (status == 0 && linkat(from, target_base, parent, base, 0) < 0) status = extraction_fail(x, "create hard link");
    close(from);
    return status;
}

static int restore_whiteout(struct extraction *x, int parent, const char *base) {
    if (strcmp(base, WHITEOUT_OPAQUE) == 0) return tree_make_opaque(&x->tree, parent, x->path);
    // Other names of this kind are notes of the AUFS driver to itself.
    if (strncmp(base, WHITEOUT_META, strlen(WHITEOUT_META)) == 0) return 0;
    const char *hidden = base + strlen(WHITEOUT_PREFIX);
    if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        return carchive_fail_because(x->tree.failure, "restore", x->path, "the whiteout names no file");
    return tree_make_whiteout(&x->tree, parent, hidden, x->path);
}

static int restore_entry(struct extraction *x) {
    const char *name = A(entry_pathname)(x->entry), *base;
    if (!name) return carchive_fail_because(x->tree.failure, "restore", NULL, "an entry has no name");
    if (place(x, name, x->path) < 0) return -1;
    int type = A(entry_filetype)(x->entry);
    // The directory that all goes to stays as it is.
    if (x->directory && strcmp(x->path, x->directory) == 0) return 0;
    if (!*x->path) return type == AE_IFDIR ? restore_directory(x, x->tree.root, ".") : 0;
    int parent = tree_parent(&x->tree, x->path, &base);
    if (parent < 0) return -1;
    if (!x->directory && strncmp(base, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
        return restore_whiteout(x, parent, base);
    if (A(entry_hardlink)(x->entry)) return restore_hardlink(x, parent, base);
    switch (type) {
    case AE_IFREG: return restore_file(x, parent, base);
    case AE_IFDIR: return restore_directory(x, parent, base);
    case AE_IFLNK: return restore_symlink(x, parent, base);
    case AE_IFIFO: return restore_fifo(x, parent, base);
    case AE_IFCHR:
    case AE_IFBLK: return restore_device(x, parent, base);
    default: x->left_out++; return 0;
    }
}

// MARK: the archive

static la_ssize_t next_piece(struct archive *archive, void *context, const void **bytes) {
    ssize_t count = carchive_stream_next(context, bytes);
    if (count < 0) A(set_error)(archive, EIO, "cannot read");
    return count < 0 ? ARCHIVE_FATAL : count;
}

/* A failure of the stream is why the archive in it could not be read. */
static int unreadable(struct extraction *x, const char *reason) {
    if (carchive_stream_failure(x->stream, x->tree.failure) < 0) return -1;
    return carchive_fail_because(x->tree.failure, "read archive", NULL, reason ? reason : A(error_string)(x->archive));
}

static int restore_all(struct extraction *x) {
    A(read_support_format_tar)(x->archive);
    int status = A(read_open)(x->archive, x->stream, NULL, next_piece, NULL);
    const char *reason = "not a tar archive, plain or compressed by gzip, zstd, xz or bzip2";
    while (status >= ARCHIVE_WARN) {
        status = A(read_next_header)(x->archive, &x->entry);
        if (status == ARCHIVE_EOF) return 0;
        if (status < ARCHIVE_WARN) break;
        reason = NULL;
        if (x->budget && carchive_spend(&x->budget->entries, 1) < 0) return carchive_fail_over(x->tree.failure);
        if (restore_entry(x) < 0) {
            carchive_stream_failure(x->stream, x->tree.failure);
            return -1;
        }
    }
    return unreadable(x, reason);
}

static int extract(struct extraction *x) {
    x->archive = A(read_new)();
    if (!x->archive) return carchive_fail(x->tree.failure, "read archive", NULL, ENOMEM);
    int status = restore_all(x);
    A(read_free)(x->archive);
    if (status == 0) status = carchive_stream_finish(x->stream, x->result, x->tree.failure);
    if (status == 0) tree_date_directories(&x->tree);
    return status;
}

static int extract_in_utf8(struct extraction *x) {
    // libarchive converts the UTF-8 names of pax headers to the locale's characters, and "C" has none for them.
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int status = extract(x);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    return status;
}

static int begin(struct carchive_result *result, struct carchive_failure *failure) {
    memset(failure, 0, sizeof *failure);
    memset(result, 0, sizeof *result);
    return carchive_load(failure);
}

static int restore(struct extraction *x, int root, struct carchive_failure *failure) {
    if (!x->stream) return -1;
    tree_open(&x->tree, root, failure);
    x->tree.keeps_kinds = x->directory != NULL;
    x->tree.is_kernels = x->is_kernels;
    x->tree.budget = x->budget;
    int status = extract_in_utf8(x);
    x->result->implied = x->tree.implied;
    tree_close(&x->tree);
    carchive_stream_close(x->stream);
    return status;
}

int carchive_take_implied(int directory) { return fremovexattr(directory, IMPLIED_ATTRIBUTE) == 0; }

int carchive_extract(
    int input, int copy, int root, struct carchive_budget *budget, struct carchive_result *result,
    struct carchive_failure *failure) {
    if (begin(result, failure) < 0) return -1;
    struct extraction x = {
        .result = result, .stream = carchive_stream_open(input, copy, 1, budget, failure), .budget = budget};
    return restore(&x, root, failure);
}

int carchive_restore_tree(
    int input, int root, const char *directory, int makes_devices, int (*is_kernels)(int directory),
    struct carchive_budget *budget, uint64_t *left_out, struct carchive_result *result, struct carchive_failure *failure) {
    if (begin(result, failure) < 0) return -1;
    struct extraction x = {
        .result = result, .stream = carchive_stream_open(input, -1, 0, budget, failure), .directory = directory,
        .leaves_devices = !makes_devices, .is_kernels = is_kernels, .budget = budget};
    int status = restore(&x, root, failure);
    *left_out = x.left_out;
    return status;
}

int carchive_is_tar(int input) {
    struct carchive_failure failure;
    struct carchive_result result;
    if (begin(&result, &failure) < 0) return 0;
    struct extraction x = {.result = &result, .stream = carchive_stream_open(input, -1, 0, NULL, &failure)};
    if (!x.stream) return 0;
    int status = ARCHIVE_FATAL;
    if ((x.archive = A(read_new)())) {
        A(read_support_format_tar)(x.archive);
        if (A(read_open)(x.archive, x.stream, NULL, next_piece, NULL) >= ARCHIVE_WARN)
            status = A(read_next_header)(x.archive, &x.entry);
        A(read_free)(x.archive);
    }
    carchive_stream_close(x.stream);
    return status >= ARCHIVE_WARN && status != ARCHIVE_EOF;
}
