/* The parent's side: clone, and the messages that come back. */
#include "claunch.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t clone_with_socket(struct clone_args *arguments, int *socket, int ends[2]) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -errno;
    pid_t pid = (pid_t)syscall(SYS_clone3, arguments, sizeof *arguments);
    if (pid == 0) return 0;
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -error;
    }
    *socket = ends[0];
    return pid;
}

/* With the pid namespace of another process, whose pidfd that is, unless it is -1. */
static pid_t clone_in_pid_namespace(struct clone_args *arguments, int process, int *socket, int ends[2]) {
    int own = process >= 0 ? (int)syscall(SYS_pidfd_open, getpid(), 0) : -1;
    if (process >= 0 && (own < 0 || syscall(SYS_setns, process, CLONE_NEWPID) < 0)) {
        int error = errno;
        if (own >= 0) close(own);
        return -error;
    }
    pid_t pid = clone_with_socket(arguments, socket, ends);
    if (own < 0) return pid;
    /* Else whatever this process makes afterwards would be made in there. */
    if (pid != 0 && syscall(SYS_setns, own, CLONE_NEWPID) < 0) abort();
    close(own);
    return pid;
}

pid_t claunch_start(const struct claunch_plan *plan, int *pidfd, int *socket) {
    struct clone_args arguments = {
        .flags = plan->namespaces | CLONE_PIDFD | (plan->cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = plan->cgroup >= 0 ? (uint64_t)plan->cgroup : 0,
    };
    int ends[2];
    pid_t pid = clone_in_pid_namespace(&arguments, plan->pid, socket, ends);
    if (pid != 0) return pid;
    close(ends[0]);
    claunch_child_main(plan, ends[1]);
}

pid_t claunch_enter(const struct claunch_entry *entry, int *socket) {
    struct clone_args arguments = {
        .flags = entry->cgroup >= 0 ? CLONE_INTO_CGROUP : 0,
        .exit_signal = SIGCHLD,
        .cgroup = entry->cgroup >= 0 ? (uint64_t)entry->cgroup : 0,
    };
    int ends[2];
    pid_t pid = clone_with_socket(&arguments, socket, ends);
    if (pid != 0) return pid;
    close(ends[0]);
    claunch_enter_main(entry, ends[1]);
}

int claunch_receive(int socket, struct claunch_message *message) {
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
    struct iovec data = {.iov_base = message, .iov_len = sizeof *message};
    struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t length;
    do length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0) return -errno;
    if (length == 0) memset(message, 0, sizeof *message);
    else if (length != sizeof *message) return -EBADMSG;
    message->descriptor = -1;
    struct cmsghdr *part = length > 0 ? CMSG_FIRSTHDR(&header) : NULL;
    if (part && part->cmsg_type == SCM_RIGHTS) memcpy(&message->descriptor, CMSG_DATA(part), sizeof(int));
    return 0;
}

int claunch_proceed(int socket) {
    char byte = 1;
    return send(socket, &byte, 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
