#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static int fail(struct tree *tree, const char *operation, const char *path) {
    return carchive_fail(tree->failure, operation, *path ? path : ".", errno);
}

void tree_open(struct tree *tree, int root, struct carchive_failure *failure) {
    *tree = (struct tree){.root = root, .parent = -1, .failure = failure};
    tree->last_directory = &tree->directories;
}

static void forget_directories(struct tree *tree) {
    while (tree->directories) {
        struct dated_directory *next = tree->directories->next;
        free(tree->directories);
        tree->directories = next;
    }
    tree->last_directory = &tree->directories;
    tree->remembered = 0;
}

static void forget_parent(struct tree *tree) {
    if (tree->parent >= 0) close(tree->parent);
    tree->parent = -1;
}

void tree_close(struct tree *tree) {
    forget_parent(tree);
    forget_directories(tree);
}

// MARK: names

int tree_clean(struct tree *tree, const char *name, char path[PATH_MAX]) {
    const char *whole = name;
    size_t length = 0;
    while (*name) {
        size_t count = strcspn(name, "/");
        if (count == 2 && name[0] == '.' && name[1] == '.')
            return carchive_fail_because(tree->failure, "restore", whole, "the name leads out of the archive");
        if (count > 0 && !(count == 1 && *name == '.')) {
            if (length + count + 2 > PATH_MAX) return carchive_fail(tree->failure, "restore", whole, ENAMETOOLONG);
            if (length > 0) path[length++] = '/';
            memcpy(path + length, name, count);
            length += count;
        }
        name += count;
        name += *name == '/';
    }
    path[length] = 0;
    return 0;
}

static int open_in_root(struct tree *tree, const char *path) {
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    // EAGAIN: a rename somewhere on the host raced with the look-up of "..".
    for (int i = 0; i < 64; i++) {
        int fd = (int)syscall(SYS_openat2, tree->root, *path ? path : ".", &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return fd;
    }
    return -1;
}

/* Nothing says what it is like: it may be what a layer below says. Who may not mark anything leaves it as it is. */
static int make_implied(struct tree *tree, int parent, const char *base, const char *path) {
    if (tree->budget && carchive_spend(&tree->budget->entries, 1) < 0) return carchive_fail_over(tree->failure);
    int fd = tree_make_directory(tree, parent, base, path);
    if (fd >= 0 && !tree->keeps_kinds && fsetxattr(fd, IMPLIED_ATTRIBUTE, "y", 1, 0) == 0) tree->implied++;
    return fd;
}

/* Opens the directory that the first `length` bytes of `path` name, made anew where there is none. */
static int open_step(struct tree *tree, int parent, char *path, size_t start, size_t length) {
    char after = path[length];
    path[length] = 0;
    int fd = open_in_root(tree, path);
    // ENOTDIR: what is in the way is a whiteout, or a file that the archive replaces by a directory.
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) fd = make_implied(tree, parent, path + start, path);
    else if (fd < 0) fail(tree, "open directory", path);
    path[length] = after;
    return fd;
}

static int open_stepwise(struct tree *tree, const char *path) {
    char steps[PATH_MAX];
    strcpy(steps, path);
    int fd = open_in_root(tree, "");
    if (fd < 0) return fail(tree, "open directory", "");
    for (size_t start = 0, end; steps[start]; start = end + (steps[end] == '/')) {
        end = start + strcspn(steps + start, "/");
        int next = open_step(tree, fd, steps, start, end);
        close(fd);
        if (next < 0) return -1;
        fd = next;
    }
    return fd;
}

int tree_open_directory(struct tree *tree, const char *path) {
    int fd = open_in_root(tree, path);
    return fd >= 0 ? fd : open_stepwise(tree, path);
}

int tree_parent(struct tree *tree, const char *path, const char **base) {
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    *base = slash ? slash + 1 : path;
    if (tree->parent >= 0 && strlen(tree->parent_path) == length && memcmp(path, tree->parent_path, length) == 0)
        return tree->parent;
    forget_parent(tree);
    memcpy(tree->parent_path, path, length);
    tree->parent_path[length] = 0;
    tree->parent = tree_open_directory(tree, tree->parent_path);
    if (tree->parent >= 0 && tree->is_kernels && tree->is_kernels(tree->parent))
        return carchive_fail_because(
            tree->failure, "restore", path, "it lies inside a file system of the kernel's");
    return tree->parent;
}

// MARK: entries

static int is_whiteout(const struct stat *status) { return S_ISCHR(status->st_mode) && status->st_rdev == 0; }

/* What was removed may be a symbolic link on the way to the remembered directory: no name equals "/". The
 * descriptor stays open for the caller, who has it from there. */
static int cleared(struct tree *tree) {
    strcpy(tree->parent_path, "/");
    return 0;
}

static int conflict(struct tree *tree, const char *path, const char *reason) {
    tree->failure->conflicts = 1;
    return carchive_fail_because(tree->failure, "restore", path, reason);
}

int tree_clear(struct tree *tree, int parent, const char *base, const char *path) {
    if (unlinkat(parent, base, 0) == 0) return cleared(tree);
    if (errno == ENOENT) return 0;
    if (errno != EISDIR && errno != EPERM) return fail(tree, "replace", path);
    if (errno == EISDIR && tree->keeps_kinds)
        return conflict(tree, path, "cannot overwrite directory with non-directory");
    int status = tree->keeps_kinds ? unlinkat(parent, base, AT_REMOVEDIR) : tree_remove_directory(parent, base);
    return status == 0 ? cleared(tree) : fail(tree, "replace", path);
}

static int open_existing(int parent, const char *base) {
    return openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Not subject to the umask: what an archive does not mention must be readable for everybody. */
static int new_directory(struct tree *tree, int parent, const char *base, const char *path) {
    if (mkdirat(parent, base, 0755) < 0) return fail(tree, "create directory", path);
    int fd = open_existing(parent, base);
    if (fd >= 0) tree_clear_lists(tree, fd, NULL);
    if (fd < 0 || fchmod(fd, 0755) < 0 || fchown(fd, 0, 0) < 0) {
        fail(tree, "create directory", path);
        if (fd >= 0) close(fd);
        return -1;
    }
    return fd;
}

void tree_clear_lists(struct tree *tree, int fd, const char *path) {
    static const char *const lists[] = {"system.posix_acl_access", "system.posix_acl_default"};
    // In a tree that somebody else has made, it takes over what that one wants.
    if (!tree->has_default_list || tree->keeps_kinds) return;
    // It has none, or cannot have any: the same.
    for (int i = 0; i < 2; i++) {
        if (path) removexattr(path, lists[i]);
        else fremovexattr(fd, lists[i]);
    }
}

int tree_make_directory(struct tree *tree, int parent, const char *base, const char *path) {
    struct stat status;
    if (fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) < 0) return new_directory(tree, parent, base, path);
    if (S_ISDIR(status.st_mode)) {
        int fd = open_existing(parent, base);
        return fd < 0 ? fail(tree, "open directory", path) : fd;
    }
    if (tree->keeps_kinds)
        return conflict(tree, path, "cannot overwrite non-directory with directory");
    if (tree_clear(tree, parent, base, path) < 0) return -1;
    int fd = new_directory(tree, parent, base, path);
    // "Gone below, and here anew" is an opaque directory.
    if (fd >= 0 && is_whiteout(&status) && tree_make_opaque(tree, fd, path) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int tree_make_opaque(struct tree *tree, int directory, const char *path) {
    return fsetxattr(directory, OPAQUE_ATTRIBUTE, "y", 1, 0) < 0 ? fail(tree, "make directory opaque", path) : 0;
}

/* A whiteout hides what lower layers have under a name, not what this layer has, wherever it stands in the archive. */
int tree_make_whiteout(struct tree *tree, int parent, const char *base, const char *path) {
    if (mknodat(parent, base, S_IFCHR, makedev(0, 0)) == 0) return 0;
    if (errno != EEXIST) return fail(tree, "create whiteout", path);
    int fd = open_existing(parent, base);
    if (fd < 0) return 0;
    int result = tree_make_opaque(tree, fd, path);
    close(fd);
    return result;
}

// MARK: times

/* A small archive may name very many directories, and the same ones again and again. */
static const size_t most_remembered = 32 << 20;

static int is_above(const char *directory, const char *path) {
    size_t length = strlen(directory);
    return length == 0 || (strncmp(directory, path, length) == 0 && path[length] == '/');
}

static void set_times(struct tree *tree, const struct dated_directory *directory) {
    int fd = open_in_root(tree, directory->path);
    if (fd < 0) return;
    struct stat status;
    if (fstat(fd, &status) == 0 && status.st_ino == directory->inode) futimens(fd, directory->times);
    close(fd);
}

/* What comes next may still lie in those above `path`: they are kept. */
static void date_directories_outside(struct tree *tree, const char *path) {
    struct dated_directory **place = &tree->directories, *directory;
    while ((directory = *place)) {
        if (is_above(directory->path, path)) {
            place = &directory->next;
            continue;
        }
        set_times(tree, directory);
        *place = directory->next;
        tree->remembered -= sizeof *directory + strlen(directory->path) + 1;
        free(directory);
    }
    tree->last_directory = place;
}

int tree_date(struct tree *tree, const char *path, int fd, const struct timespec times[2]) {
    struct stat status;
    if (fstat(fd, &status) < 0) return fail(tree, "restore", path);
    size_t size = sizeof(struct dated_directory) + strlen(path) + 1;
    if (tree->remembered + size > most_remembered) date_directories_outside(tree, path);
    struct dated_directory *directory = malloc(size);
    if (!directory) return fail(tree, "restore", path);
    directory->next = NULL;
    directory->inode = status.st_ino;
    memcpy(directory->times, times, sizeof directory->times);
    strcpy(directory->path, path);
    *tree->last_directory = directory;
    tree->last_directory = &directory->next;
    tree->remembered += size;
    return 0;
}

/* A directory that a later entry replaced has no time to keep: a link in its place leads to another one. */
void tree_date_directories(struct tree *tree) {
    for (struct dated_directory *directory = tree->directories; directory; directory = directory->next)
        set_times(tree, directory);
    forget_directories(tree);
}
