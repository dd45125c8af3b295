/* --init: a process 1 that passes signals on and reaps whatever ends (what tini is for). */
#include "claunch.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program's streams are not its business either. */
static void detach(int socket, int null) {
    for (int i = 0; i < 3; i++)
        if (dup2(null, i) < 0) _exit(127);
    close(socket);
    close(null);
    if (chdir("/") < 0) _exit(127);
}

/* Ends like the program did; a signal's number goes into the exit code, since process 1 cannot be killed by it. */
static _Noreturn void end_like(int status) {
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void reap_until_end_of(pid_t program) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == program) end_like(status);
}

static _Noreturn void serve(pid_t program) {
    sigset_t all;
    siginfo_t info;
    sigfillset(&all);
    for (;;) {
        if (sigwaitinfo(&all, &info) < 0) continue;
        if (info.si_signo == SIGCHLD) reap_until_end_of(program);
        else if (info.si_signo != SIGURG) kill(program, info.si_signo);
    }
}

int claunch_child_init(const struct claunch_process *process, int socket, int terminal) {
    sigset_t all;
    int null = claunch_child_null();
    if (null < 0) return -1;
    /* Where it is not the first of its pid namespace, orphans come to it all the same. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    /* Process 1 holds nothing of the caller's from the moment that there is a program: one that may trace others would find
     * that in /proc/1/fd. */
    claunch_child_equip(process, socket, terminal, null);
    /* With more rights than the program, process 1 would be its way out. */
    claunch_child_give_up(process, socket);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    /* Not fork(3), which runs handlers and takes locks of the parent's copy. */
    pid_t program = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (program < 0) return -1;
    if (program == 0) {
        /* A session of its own, so that a terminal's signals come to the program and not to process 1. */
        if (terminal >= 0) setsid();
        else setpgid(0, 0);
        return 0;
    }
    if (terminal < 0) setpgid(program, program);
    claunch_child_become(process, socket);
    detach(socket, null);
    serve(program);
}
