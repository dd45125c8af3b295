/* A further process in a running container: a helper joins its namespaces and makes the process as its sibling. */
#include "claunch.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All namespaces or none: a partial join would run the program on the host (B63). */
static int join(const struct claunch_entry *entry) { return (int)syscall(SYS_setns, entry->target, entry->namespaces); }

/* The helper is outside of the container's pid namespace, and so out of reach. The process that it makes is not: a program
 * that may trace others can take it over at once (CVE-2016-9962), so everything that wants more than the container's
 * own rights is done before. */
static int prepare(const struct claunch_entry *entry, int socket) {
    int terminal = -1;
    /* The caller's keys are none of the container's business. */
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    if (entry->terminal && (terminal = claunch_child_terminal(socket)) < 0)
        claunch_child_fail(socket, CLAUNCH_STAGE_TERMINAL, 0);
    claunch_child_equip(&entry->process, socket, terminal, -1);
    claunch_child_give_up(&entry->process, socket);
    return terminal;
}

_Noreturn void claunch_enter_main(const struct claunch_entry *entry, int socket) {
    prctl(PR_SET_DUMPABLE, 0);
    claunch_child_attributes(&entry->process, socket);
    /* Until it is in the cgroups that the process is to be born in. */
    if (entry->waits) claunch_child_wait(socket);
    if (join(entry) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_ENTER, 0);
    int terminal = prepare(entry, socket);
    /* The caller becomes the parent, so that it can wait; the exit signal is then inherited too. Not clone3(2), which the
     * filter refuses. */
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0);
    if (pid < 0) claunch_child_fail(socket, CLAUNCH_STAGE_CLONE, 0);
    if (pid == 0) {
        setsid();
        claunch_child_run_equipped(&entry->process, socket, terminal);
    }
    claunch_child_send(socket, CLAUNCH_STARTED, pid, -1);
    _exit(0);
}
