/* Making the container's file system, one step at a time. */
#include "claunch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* An image that replaces /proc or /dev by a link must not lead us elsewhere (CVE-2025-52881). */
static int standard_directory(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0) return mkdir(path, 0755);
    if (S_ISDIR(status.st_mode)) return 0;
    errno = ENOTDIR;
    return -1;
}

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t n = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return n < 0 ? -1 : 0;
}

/* Both sides of the pivot are the same directory: no path inside the image is needed or left behind. */
static int pivot(const char *root) {
    if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0) return -1;
    if (umount2(".", MNT_DETACH) < 0) return -1;
    return chdir("/");
}

/* What this kernel does not have needs no protection. */
static int missing(void) { return errno == ENOENT ? 0 : -1; }

static int read_only(const char *path) {
    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0) return missing();
    struct statfs status;
    unsigned long kept = 0;
    if (statfs(path, &status) == 0) kept = (unsigned long)status.f_flags & (MS_NOSUID | MS_NODEV | MS_NOEXEC);
    return mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | kept, NULL);
}

static int mask(const char *path) {
    struct stat status;
    if (lstat(path, &status) < 0) return missing();
    if (S_ISDIR(status.st_mode)) {
        /* One empty file system does for all directories. */
        static const char *empty;
        if (empty) return mount(empty, path, NULL, MS_BIND, NULL);
        if (mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=0k") < 0) return -1;
        empty = path;
        return 0;
    }
    /* /dev is a tmpfs of ours and nothing of others is mounted there yet: its null is the real one (CVE-2025-31133). */
    return mount("/dev/null", path, NULL, MS_BIND, NULL);
}

/* Only a real multiplexer of devpts will do: in a running container /dev is the container's to change. */
int claunch_child_terminal(int socket) {
    int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
    if (master < 0) return -1;
    struct stat status;
    int unlock = 0;
    if (fstat(master, &status) < 0 || !S_ISCHR(status.st_mode) || status.st_rdev != makedev(5, 2)) {
        close(master);
        errno = ENOTTY;
        return -1;
    }
    if (ioctl(master, TIOCSPTLCK, &unlock) < 0) return -1;
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) return -1;
    claunch_child_send(socket, CLAUNCH_MASTER, 0, master);
    close(master);
    return slave;
}

/* The slave also is the container's /dev/console. It is bound through its descriptor, not by a path. */
static int terminal_with_console(int socket) {
    int slave = claunch_child_terminal(socket);
    if (slave < 0) return -1;
    int tree = (int)syscall(SYS_open_tree, slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    if (tree < 0) return -1;
    int console = open("/dev/console", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0620);
    if (console < 0) return -1;
    close(console);
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "/dev/console", MOVE_MOUNT_F_EMPTY_PATH) < 0) return -1;
    close(tree);
    return slave;
}

static int make_device(const struct claunch_step *step) {
    dev_t device = makedev((unsigned)((uint64_t)step->number >> 32), (unsigned)step->number);
    if (mknod(step->target, (mode_t)step->flags, device) < 0) return -1;
    return step->user || step->group ? chown(step->target, step->user, step->group) : 0;
}

static int make_directory(const char *path) {
    int place = claunch_child_place(path, 1);
    return place < 0 ? -1 : close(place);
}

static int attach(int tree, const char *path, int is_directory) {
    int place = claunch_child_place(path, is_directory);
    if (place < 0) return -1;
    int flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
    int result = (int)syscall(SYS_move_mount, tree, "", place, "", flags);
    int error = errno;
    close(place);
    errno = error;
    return result;
}

enum { TEXT_LIMIT = 8 };
static int texts[TEXT_LIMIT];

/* Nobody but us is in /dev yet. The file keeps its name, which a mount then lies over: what has none cannot be attached,
 * here or in another container. */
static int make_text(const struct claunch_step *step) {
    size_t length = strlen(step->data);
    if (step->number < 0 || step->number >= TEXT_LIMIT) {
        errno = EINVAL;
        return -1;
    }
    int file = open(step->target, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0) return -1;
    ssize_t written = write(file, step->data, length);
    close(file);
    if (written < 0) return -1;
    if ((size_t)written != length) {
        errno = ENOSPC;
        return -1;
    }
    return texts[step->number] =
               (int)syscall(SYS_open_tree, AT_FDCWD, step->target, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static int attach_text(const struct claunch_step *step) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    int tree = texts[step->number], result = 0;
    if (step->flags & MS_RDONLY)
        result = (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
    if (result >= 0) result = attach(tree, step->target, 0);
    int error = errno;
    close(tree);
    errno = error;
    return result;
}

static int mount_temporary(const struct claunch_step *step) {
    int place = claunch_child_place(step->target, 1);
    if (place < 0) return -1;
    int result = fchdir(place);
    if (result == 0) result = mount("tmpfs", ".", "tmpfs", step->flags, step->data);
    int error = errno;
    close(place);
    if (chdir("/") < 0) return -1;
    errno = error;
    return result;
}

int claunch_child_step(const struct claunch_step *step, int socket, int *terminal) {
    const char *target = step->target;
    switch ((enum claunch_operation)step->operation) {
    case CLAUNCH_MOUNT: return mount(step->source, target, step->type, step->flags, step->data);
    case CLAUNCH_ATTACH_DIRECTORY: return attach((int)step->number, target, 1);
    case CLAUNCH_ATTACH_FILE: return attach((int)step->number, target, 0);
    case CLAUNCH_TEXT: return make_text(step);
    case CLAUNCH_ATTACH_TEXT: return attach_text(step);
    case CLAUNCH_TEMPORARY: return mount_temporary(step);
    case CLAUNCH_DIRECTORY: return make_directory(target);
    case CLAUNCH_DEVICE: return make_device(step);
    case CLAUNCH_SYMLINK: return symlink(step->source, target);
    case CLAUNCH_WRITE: return write_file(target, step->data);
    case CLAUNCH_CHANGE_DIRECTORY: return chdir(target);
    case CLAUNCH_PIVOT: return pivot(target);
    case CLAUNCH_READ_ONLY: return read_only(target);
    case CLAUNCH_MASK: return mask(target);
    case CLAUNCH_AWAIT: claunch_child_wait(socket); return 0;
    case CLAUNCH_CGROUP_NAMESPACE: return unshare(CLONE_NEWCGROUP);
    case CLAUNCH_TERMINAL: return *terminal = terminal_with_console(socket);
    case CLAUNCH_STANDARD_DIRECTORY: return standard_directory(target);
    }
    errno = EINVAL;
    return -1;
}
