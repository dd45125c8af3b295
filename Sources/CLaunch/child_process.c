/* From our program to the user's: descriptors, identity, privileges, exec. */
#include "claunch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* The caller's null device would be the host's, whose mode the program could change through the open file. In a running
 * container /dev is the container's own, so anything may lie there, a pipe without a writer included. */
int claunch_child_null(void) {
    struct stat status;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return -1;
    if (fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3) && fcntl(fd, F_SETFL, 0) == 0)
        return fd;
    close(fd);
    errno = ENODEV;
    return -1;
}

static int set_stdio(const struct claunch_process *process, int terminal) {
    int from[3], null = -1;
    for (int i = 0; i < 3; i++) {
        from[i] = terminal >= 0 ? terminal : process->stdio[i];
        if (from[i] < 0 && null < 0 && (null = claunch_child_null()) < 0) return -1;
        if (from[i] < 0) from[i] = null;
        /* Out of the way of the three that are written below. */
        if (from[i] < 3 && (from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3)) < 0) return -1;
    }
    for (int i = 0; i < 3; i++)
        if (dup2(from[i], i) < 0) return -1;
    struct winsize size = {.ws_row = process->rows, .ws_col = process->columns};
    return terminal >= 0 ? ioctl(0, TIOCSWINSZ, &size) : 0;
}

/* The report socket has to live until exec, and process 1 of --init needs a null device (-1: none). All others go before the
 * program's limits hold: what our process has open, such as a socket for each published port, does not count. */
static int keep_only(int socket, int null) {
    int low = null < 0 || socket < null ? socket : null, high = socket > null ? socket : null;
    if (low > 3 && syscall(SYS_close_range, 3u, (unsigned)low - 1, 0) < 0) return -1;
    if (high > low + 1 && syscall(SYS_close_range, (unsigned)low + 1, (unsigned)high - 1, 0) < 0) return -1;
    return (int)syscall(SYS_close_range, (unsigned)high + 1, ~0u, 0);
}

/* A directory that is reached through a leaked descriptor lies outside of the root (CVE-2024-21626). */
static int change_directory(const char *path) {
    char current[4096];
    if (chdir(path) < 0) return -1;
    if (syscall(SYS_getcwd, current, sizeof current) < 0) return -1;
    if (current[0] == '/') return 0;
    errno = ENOENT;
    return -1;
}

static int drop_bounding(uint64_t kept) {
    for (int capability = 0; capability < 64; capability++) {
        if (kept >> capability & 1) continue;
        /* EINVAL: past the last one that this kernel knows. */
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return errno == EINVAL ? 0 : -1;
    }
    return 0;
}

static int set_capabilities(uint64_t effective) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)effective, .permitted = (uint32_t)effective},
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(effective >> 32)},
    };
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return (int)syscall(SYS_capset, &header, data);
}

/* libc's wrappers would signal every thread of the parent's copy: the raw calls are what is meant here. */
static int set_identity(const struct claunch_process *process) {
    if (syscall(SYS_setgroups, process->group_count, process->groups) < 0) return -1;
    if (syscall(SYS_setresgid, process->group, process->group, process->group) < 0) return -1;
    return (int)syscall(SYS_setresuid, process->user, process->user, process->user);
}

static int set_seccomp(const struct claunch_process *process) {
    if (!process->seccomp) return 0;
    struct sock_fprog program = {.len = process->seccomp_count, .filter = (struct sock_filter *)process->seccomp};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* What bounds everything that the program may become. Without no_new_privs a filter can only be set while CAP_SYS_ADMIN
 * is still there, with it as late as possible. */
static void set_bounds(const struct claunch_process *process, int socket) {
    if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        claunch_child_fail(socket, CLAUNCH_STAGE_CAPABILITIES, 0);
    if (drop_bounding(process->capabilities) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_CAPABILITIES, 0);
    if (!process->no_new_privileges && set_seccomp(process) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_SECCOMP, 0);
}

void claunch_child_give_up(const struct claunch_process *process, int socket) {
    set_bounds(process, socket);
    /* To become the program's user is all that is left to do. */
    if (set_capabilities(process->capabilities | 1u << CAP_SETUID | 1u << CAP_SETGID) < 0)
        claunch_child_fail(socket, CLAUNCH_STAGE_CAPABILITIES, 0);
}

/* Root keeps its set; anybody else has it only as the bound of what a set-user-ID program may get. */
void claunch_child_become(const struct claunch_process *process, int socket) {
    char byte;
    if (set_identity(process) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_IDENTITY, 0);
    if (set_capabilities(process->user == 0 ? process->capabilities : 0) < 0)
        claunch_child_fail(socket, CLAUNCH_STAGE_CAPABILITIES, 0);
    if (process->no_new_privileges && set_seccomp(process) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_SECCOMP, 0);
    if (!process->die_with_parent) return;
    /* A change of identity has cleared it. If the parent died before this, the socket says so. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_PARENT, 0);
    if (recv(socket, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0) _exit(127);
}

/* The interpreter of the script at `path`, in `line`; NULL when it is none, and with an errno when that is not known. What may be run and
 * not read is taken for none. */
static const char *interpreter(const char *path, char line[256]) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 || errno == EACCES || errno == ENOENT || errno == ENOTDIR) errno = 0;
    if (fd < 0) return NULL;
    ssize_t n = read(fd, line, 255);
    close(fd);
    if (n < 3 || line[0] != '#' || line[1] != '!') return NULL;
    line[n] = 0;
    char *start = line + 2;
    while (*start == ' ' || *start == '\t') start++;
    char *end = start;
    while (*end && *end != ' ' && *end != '\t' && *end != '\n') end++;
    *end = 0;
    return start;
}

/* Whether `path` is our own binary, or a script that is run by it, by way of as many scripts as the kernel follows
 * (exec_binprm); -1, with an errno, when that is not known, as without a free descriptor. */
static int leads_to_host_binary(const struct claunch_process *process, const char *path) {
    char line[256];
    struct stat status;
    for (int depth = 0; path && depth <= 5; depth++) {
        if (stat(path, &status) < 0) return 0;
        if (status.st_dev == process->host_device && status.st_ino == process->host_inode) return 1;
        path = interpreter(path, line);
        if (!path && errno) return -1;
    }
    return 0;
}

/* Asked while we may still read whatever we may run: the program's user may be able to run a script without being able to read it. */
static void refuse_host_binary(const struct claunch_process *process, int socket) {
    for (int i = 0; process->candidates[i]; i++) {
        if (leads_to_host_binary(process, process->candidates[i]) > 0)
            claunch_child_fail(socket, CLAUNCH_STAGE_HOST_BINARY, i);
    }
}

/* Tries the candidates in order. Our own binary is never run again inside the container, by name, through
 * /proc/self/exe or as an interpreter: the container could then write to the host's copy (CVE-2019-5736). */
static _Noreturn void execute(const struct claunch_process *process, int socket) {
    int error = ENOENT, index = 0;
    for (int i = 0; process->candidates[i]; i++) {
        const char *path = process->candidates[i];
        struct stat status;
        if (stat(path, &status) < 0) {
            if (errno == ENOENT || errno == ENOTDIR) continue;
        } else {
            int is_host_binary = leads_to_host_binary(process, path);
            if (is_host_binary < 0) claunch_child_fail(socket, CLAUNCH_STAGE_EXEC, i);
            if (is_host_binary) claunch_child_fail(socket, CLAUNCH_STAGE_HOST_BINARY, i);
            syscall(SYS_execve, path, process->arguments, process->environment);
        }
        error = errno;
        index = i;
        /* A program that may not be run does not hide one of that name further on (execvp(3)). */
        if (error != EACCES) break;
    }
    errno = error;
    claunch_child_fail(socket, CLAUNCH_STAGE_EXEC, index);
}

void claunch_child_equip(const struct claunch_process *process, int socket, int terminal, int null) {
    if (terminal >= 0) fchown(terminal, process->user, (gid_t)-1);
    if (set_stdio(process, terminal) < 0 || keep_only(socket, null) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_STDIO, 0);
    claunch_child_limits(process, socket);
    if (change_directory(process->directory) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_DIRECTORY, 0);
}

static void take_terminal(int socket, int terminal) {
    if (terminal >= 0 && ioctl(0, TIOCSCTTY, 0) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_STDIO, 0);
}

static _Noreturn void begin(const struct claunch_process *process, int socket) {
    umask(022);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execute(process, socket);
}

_Noreturn void claunch_child_run(const struct claunch_process *process, int socket, int terminal) {
    claunch_child_equip(process, socket, terminal, -1);
    refuse_host_binary(process, socket);
    take_terminal(socket, terminal);
    set_bounds(process, socket);
    claunch_child_become(process, socket);
    begin(process, socket);
}

_Noreturn void claunch_child_run_equipped(const struct claunch_process *process, int socket, int terminal) {
    refuse_host_binary(process, socket);
    take_terminal(socket, terminal);
    claunch_child_become(process, socket);
    begin(process, socket);
}
