#include "clinux.h"
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

_Static_assert(CLINUX_O_PATH == O_PATH, "O_PATH");
_Static_assert(CLINUX_RESOLVE_IN_ROOT == RESOLVE_IN_ROOT, "RESOLVE_IN_ROOT");
_Static_assert(CLINUX_MOUNT_PRIVATE == MS_PRIVATE && CLINUX_MOUNT_SLAVE == MS_SLAVE, "MS_PRIVATE, MS_SLAVE");
_Static_assert(CLINUX_MOUNT_ATTR_RDONLY == MOUNT_ATTR_RDONLY, "MOUNT_ATTR_RDONLY");

int clinux_open(const char *path, int flags, mode_t mode) { return result(open(path, flags | O_CLOEXEC, mode)); }

int clinux_openat(int dirfd, const char *path, int flags, mode_t mode) {
    return result(openat(dirfd, path, flags | O_CLOEXEC, mode));
}

int clinux_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    return result(syscall(SYS_openat2, dirfd, path, &how, sizeof how));
}

int clinux_pidfd_open(pid_t pid) { return result(syscall(SYS_pidfd_open, pid, 0)); }
int clinux_pidfd_send_signal(int pidfd, int signal) { return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0)); }
int clinux_flock(int fd, int operation) { return result(flock(fd, operation)); }
int clinux_fcntl(int fd, int command, int argument) { return result(fcntl(fd, command, argument)); }
int clinux_pipe(int ends[2]) { return result(pipe2(ends, O_CLOEXEC)); }
int clinux_fgetxattr(int fd, const char *name, void *value, size_t size) { return result(fgetxattr(fd, name, value, size)); }
int clinux_fsetxattr(int fd, const char *name, const void *value, size_t size) { return result(fsetxattr(fd, name, value, size, 0)); }
int clinux_flistxattr(int fd, char *names, size_t size) { return result((int)flistxattr(fd, names, size)); }
int clinux_close_range(unsigned first, unsigned last) { return result(syscall(SYS_close_range, first, last, 0)); }

int clinux_open_tree(int dirfd, const char *path, int recursive) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH);
    return result(syscall(SYS_open_tree, dirfd, path, flags));
}

int clinux_enter_mounts(int pidfd) { return result(setns(pidfd, CLONE_NEWNS)); }

int clinux_cover(const char *directory) {
    if (unshare(CLONE_NEWNS) < 0) return -errno;
    /* Mounts of the host still come in; none goes out. */
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) return -errno;
    return result(mount("mydocker", directory, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"));
}

int clinux_clone_mount(const char *path) {
    int place = clinux_openat2(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    if (place < 0) return place;
    int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;
    int tree = result(syscall(SYS_open_tree, place, "", flags));
    close(place);
    return tree;
}

int clinux_attach_device_program(int cgroup, const uint64_t *instructions, size_t count) {
    union bpf_attr load, attach;
    memset(&load, 0, sizeof load);
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insn_cnt = (uint32_t)count;
    load.insns = (uintptr_t)instructions;
    load.license = (uintptr_t)"";
    int program = result(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load));
    if (program < 0) return program;
    memset(&attach, 0, sizeof attach);
    attach.target_fd = (uint32_t)cgroup;
    attach.attach_bpf_fd = (uint32_t)program;
    attach.attach_type = BPF_CGROUP_DEVICE;
    /* Together with what a directory above it has; without this flag the kernel refuses one beside another. */
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    int status = result(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach));
    close(program);
    return status;
}

int clinux_mount_set(int fd, uint64_t set, uint64_t propagation) {
    struct mount_attr attributes = {.attr_set = set, .propagation = propagation};
    return result(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes));
}

int clinux_signalfd(const int *signals, size_t count) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++) sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
    return result(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int clinux_signalfd_read(int fd) {
    struct signalfd_siginfo info;
    ssize_t n = read(fd, &info, sizeof info);
    if (n < 0) return errno == EAGAIN ? 0 : -errno;
    return (int)info.ssi_signo;
}

static void nothing(int signal) { (void)signal; }

/* The signal comes again and again: the first one may come before the thread waits. */
static int arm(timer_t *timer, int milliseconds) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    struct itimerspec time = {.it_value.tv_nsec = milliseconds * 1000000L, .it_interval.tv_nsec = 1000000L};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    if (timer_create(CLOCK_MONOTONIC, &event, timer) < 0) return -1;
    return timer_settime(*timer, 0, &time, NULL);
}

int clinux_flock_for(int fd, int operation, int milliseconds) {
    struct sigaction action = {.sa_handler = nothing}; /* no SA_RESTART: the call is to end */
    sigset_t alarm, saved;
    timer_t timer;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    if (sigaction(SIGALRM, &action, NULL) < 0) return -errno;
    pthread_sigmask(SIG_UNBLOCK, &alarm, &saved);
    int value = arm(&timer, milliseconds) < 0 ? -errno : result(flock(fd, operation));
    timer_delete(timer);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    return value == -EINTR ? -EWOULDBLOCK : value;
}

int clinux_take_signal(const int *signals, size_t count) {
    struct timespec none = {0};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++) sigaddset(&set, signals[i]);
    int signal = sigtimedwait(&set, NULL, &none);
    return signal > 0 ? signal : 0;
}

int clinux_ignores_signal(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int clinux_bytes_in_pipe(int fd) {
    int count = 0;
    return ioctl(fd, FIONREAD, &count) < 0 ? -errno : count;
}

int clinux_receive(int socket, void *buffer, size_t size) { return result(recv(socket, buffer, size, MSG_DONTWAIT)); }

int clinux_send(int socket, const void *buffer, size_t size) {
    return result(send(socket, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int clinux_tee(int from, int to, size_t size) { return result(tee(from, to, size, SPLICE_F_NONBLOCK)); }

int clinux_discard(int pipe, int sink, size_t size) {
    return result(splice(pipe, NULL, sink, NULL, size, SPLICE_F_NONBLOCK));
}

int clinux_shrink_pipe(int fd) { return result(fcntl(fd, F_SETPIPE_SZ, 1)); }

int clinux_terminal_size(int fd, uint16_t *rows, uint16_t *columns) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) return -errno;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int clinux_set_terminal_size(int fd, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return result(ioctl(fd, TIOCSWINSZ, &size));
}

int clinux_socket_pair(int ends[2]) { return result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)); }

pid_t clinux_fork(void) { return result(fork()); }

int clinux_begin_anew(char *const words[]) { return result(execve("/proc/self/exe", words, environ)); }

void clinux_name(char name[16]) { prctl(PR_GET_NAME, name); }

void clinux_set_name(const char *name) { prctl(PR_SET_NAME, name); }

/* Without the handlers of pthread_atfork(3): there is one thread, and a program is what the child goes on to. */
pid_t clinux_fork_contained(void) { return result(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0)); }

int clinux_die_with(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return -errno;
    return getppid() == parent ? 0 : -ESRCH;
}

void clinux_die_after(unsigned seconds) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    signal(SIGALRM, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    alarm(seconds);
}

int clinux_exited(int status, int *value) {
    *value = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    return WIFEXITED(status) ? 1 : 0;
}
