#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* However deep a tree is, few directories are open: what is not empty two levels below `top` comes up into it first. */
struct removal {
    int top;
    unsigned lifted;
};

typedef int visitor(struct removal *removal, int directory, const char *name);

static int open_below(int parent, const char *base) {
    return openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* 0 also for a directory that is not empty, which *is_left says. */
static int remove_entry(int parent, const char *name, int *is_left) {
    *is_left = 0;
    if (unlinkat(parent, name, 0) == 0) return 0;
    if (errno != EISDIR && errno != EPERM) return -1;
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return 0;
    *is_left = errno == ENOTEMPTY || errno == EEXIST;
    return *is_left ? 0 : -1;
}

static int visit_all(struct removal *removal, int parent, const char *base, visitor *visit) {
    int fd = open_below(parent, base), status = 0;
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (!list) {
        if (fd >= 0) close(fd);
        return -1;
    }
    for (struct dirent *entry; status == 0 && (errno = 0, entry = readdir(list));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = visit(removal, fd, entry->d_name);
    }
    if (status == 0 && errno != 0) status = -1; // the end of the list is no error
    int number = errno;
    closedir(list);
    errno = number;
    return status;
}

static int lift(struct removal *removal, int directory, const char *name) {
    int is_left;
    if (remove_entry(directory, name, &is_left) < 0) return -1;
    while (is_left) {
        char lifted[32];
        snprintf(lifted, sizeof lifted, ".removed-%u", removal->lifted++);
        if (syscall(SYS_renameat2, directory, name, removal->top, lifted, RENAME_NOREPLACE) == 0) return 0;
        if (errno != EEXIST) return -1;
    }
    return 0;
}

static int remove_child(struct removal *removal, int directory, const char *name) {
    int is_left;
    if (remove_entry(directory, name, &is_left) < 0) return -1;
    if (!is_left) return 0;
    if (visit_all(removal, directory, name, lift) < 0) return -1;
    return remove_entry(directory, name, &is_left);
}

int tree_remove_directory(int parent, const char *base) {
    int is_left;
    if (remove_entry(parent, base, &is_left) < 0) return -1;
    if (!is_left) return 0;
    struct removal removal = {.top = open_below(parent, base)};
    if (removal.top < 0) return -1;
    int status = 0;
    while (status == 0 && is_left) {
        status = visit_all(&removal, parent, base, remove_child);
        if (status == 0) status = remove_entry(parent, base, &is_left);
    }
    int number = errno;
    close(removal.top);
    errno = number;
    return status;
}
