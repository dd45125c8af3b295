/* Where a mount goes in the container's file system. What lies on the way there is chosen by the image, and by any
 * container that has the same volume at this very moment. */
#include "claunch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINK_LIMIT = 40, RACE_LIMIT = 64 };

/* Takes the first component off `rest`. Returns 0 when there is none, -1 when it is too long. */
static int next_component(char *rest, char name[NAME_MAX + 1]) {
    size_t start = 0, end;
    while (rest[start] == '/') start++;
    for (end = start; rest[end] && rest[end] != '/'; end++) {}
    size_t length = end - start;
    if (length > NAME_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, rest + start, length);
    name[length] = 0;
    while (rest[end] == '/') end++;
    memmove(rest, rest + end, strlen(rest + end) + 1);
    return length > 0;
}

static int make_component(int parent, const char *name, int is_directory) {
    int fd;
    if (is_directory) return mkdirat(parent, name, 0755);
    fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    return fd < 0 ? -1 : close(fd);
}

static int open_component(int parent, const char *name, int is_directory) {
    for (int i = 0; i < RACE_LIMIT; i++) {
        int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 || errno != ENOENT) return fd;
        if (make_component(parent, name, is_directory) < 0 && errno != EEXIST) return -1;
    }
    errno = EAGAIN;
    return -1;
}

/* Puts what the link says before `rest`. A link of /proc says a path too; only following it, which is what the kernel
 * would do, leads through an open descriptor to where it was opened, and out of the container (CVE-2024-21626). */
static int expand_link(int link, char rest[PATH_MAX]) {
    char text[PATH_MAX];
    size_t left = strlen(rest);
    ssize_t length = readlinkat(link, "", text, sizeof text);
    if (length < 0) return -1;
    if ((size_t)length + 1 + left >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memmove(rest + length + 1, rest, left + 1);
    memcpy(rest, text, (size_t)length);
    rest[length] = '/';
    return 0;
}

/* Goes from `directory`, which it closes, to the next one. */
static int step(int directory, const char *name, char rest[PATH_MAX], int is_directory, int *links) {
    struct stat status;
    int next = open_component(directory, name, *rest || is_directory);
    if (next < 0 || fstat(next, &status) < 0 || !S_ISLNK(status.st_mode)) {
        close(directory);
        return next;
    }
    int result = ++*links > LINK_LIMIT ? (errno = ELOOP, -1) : expand_link(next, rest);
    close(next);
    if (result == 0 && *rest != '/') return directory;
    close(directory);
    return result < 0 ? -1 : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int check_kind(int place, int is_directory) {
    struct stat status;
    if (fstat(place, &status) == 0 && S_ISDIR(status.st_mode) == is_directory) return place;
    close(place);
    errno = is_directory ? ENOTDIR : EISDIR;
    return -1;
}

int claunch_child_place(const char *path, int is_directory) {
    char rest[PATH_MAX], name[NAME_MAX + 1];
    int links = 0, status;
    if (strlen(path) >= sizeof rest) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(rest, path);
    int place = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (place >= 0 && (status = next_component(rest, name)) != 0) {
        if (status < 0) {
            close(place);
            return -1;
        }
        place = step(place, name, rest, is_directory, &links);
    }
    return place < 0 ? -1 : check_kind(place, is_directory);
}
