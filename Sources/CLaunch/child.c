/* The container's first process until it becomes the user's program. System calls only: see scripts/lint. */
#include "claunch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void claunch_child_send(int socket, int kind, int value, int descriptor) {
    struct claunch_message message = {.kind = kind, .value = value, .descriptor = -1};
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
    struct iovec data = {.iov_base = &message, .iov_len = sizeof message};
    struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        header.msg_control = &control;
        header.msg_controllen = sizeof control;
        struct cmsghdr *part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(part), &descriptor, sizeof(int));
    }
    sendmsg(socket, &header, MSG_NOSIGNAL);
}

_Noreturn void claunch_child_fail(int socket, int stage, int index) {
    struct claunch_message message = {.kind = CLAUNCH_FAILED, .stage = stage, .index = index, .value = errno, .descriptor = -1};
    send(socket, &message, sizeof message, MSG_NOSIGNAL);
    _exit(127);
}

void claunch_child_wait(int socket) {
    char byte;
    ssize_t n;
    do n = recv(socket, &byte, 1, 0);
    while (n < 0 && errno == EINTR);
    if (n != 1) _exit(127); /* the parent is gone, and nobody would listen */
}

_Noreturn void claunch_child_main(const struct claunch_plan *plan, int socket) {
    int terminal = -1;
    /* While our own binary runs in here, nobody inside may trace it or open its /proc/PID/exe (CVE-2019-5736). */
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    claunch_child_attributes(&plan->process, socket);
    setsid();
    if (plan->network >= 0 && syscall(SYS_setns, plan->network, CLONE_NEWNET) < 0)
        claunch_child_fail(socket, CLAUNCH_STAGE_NETWORK, 0);
    if (plan->ipc >= 0 && syscall(SYS_setns, plan->ipc, CLONE_NEWIPC) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_IPC, 0);
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    if (plan->hostname && sethostname(plan->hostname, strlen(plan->hostname)) < 0)
        claunch_child_fail(socket, CLAUNCH_STAGE_HOSTNAME, 0);
    for (size_t i = 0; i < plan->step_count; i++)
        if (claunch_child_step(&plan->steps[i], socket, &terminal) < 0 && !plan->steps[i].optional)
            claunch_child_fail(socket, CLAUNCH_STAGE_STEP, (int)i);
    claunch_child_send(socket, CLAUNCH_WAITING, 0, -1);
    claunch_child_wait(socket);
    if (plan->process.init) {
        claunch_child_forget_environment();
        /* Process 1 stays in this function; its child returns. */
        if (claunch_child_init(&plan->process, socket, terminal) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_INIT, 0);
        claunch_child_run_equipped(&plan->process, socket, terminal);
    }
    claunch_child_run(&plan->process, socket, terminal);
}
