/* A further process in a running container: a helper joins its namespaces and makes the process as its sibling. */
#include "claunch.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void run(const struct claunch_entry *entry, int socket) {
    int terminal = -1;
    setsid();
    /* The caller's keys are none of the container's business. */
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    if (entry->terminal && (terminal = claunch_child_terminal(socket)) < 0)
        claunch_child_fail(socket, CLAUNCH_STAGE_TERMINAL, 0);
    claunch_child_limits(&entry->process, socket);
    claunch_child_run(&entry->process, socket, terminal);
}

_Noreturn void claunch_enter_main(const struct claunch_entry *entry, int socket) {
    prctl(PR_SET_DUMPABLE, 0);
    claunch_child_attributes();
    /* Until it is in the cgroups that the process is to be born in. */
    if (entry->waits) claunch_child_wait(socket);
    /* All namespaces or none: a partial join would run the program on the host (B63). */
    if (syscall(SYS_setns, entry->target, entry->namespaces) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_ENTER, 0);
    struct clone_args arguments = {
        /* The caller becomes the parent, so that it can wait; the exit signal is then inherited too. */
        .flags = CLONE_PARENT | (entry->cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
        .cgroup = entry->cgroup >= 0 ? (uint64_t)entry->cgroup : 0,
    };
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) claunch_child_fail(socket, CLAUNCH_STAGE_CLONE, 0);
    if (pid == 0) run(entry, socket);
    claunch_child_send(socket, CLAUNCH_STARTED, pid, -1);
    _exit(0);
}
