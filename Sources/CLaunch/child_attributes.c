/* What a process has of its parent without anybody asking for it. None of it may make a difference inside. */
#include "claunch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not sigaction(3), which keeps 32 and 33 for itself. All zeros are SIG_DFL, no flags and an empty mask. */
static void default_signals(void) {
    uint64_t action[4] = {0};
    for (int signal = 1; signal < 65; signal++) syscall(SYS_rt_sigaction, signal, action, NULL, 8);
}

/* Of the whole host, or of the cpuset: the kernel takes what is allowed out of all. */
static void all_processors(void) {
    unsigned long mask[128];
    memset(mask, 0xff, sizeof mask);
    syscall(SYS_sched_setaffinity, 0, sizeof mask, mask);
}

/* Enough for -1000. Returns the length. */
static size_t decimal(int number, char text[8]) {
    char digits[8];
    size_t count = 0, length = 0;
    unsigned rest = number < 0 ? 0u - (unsigned)number : (unsigned)number;
    if (number < 0) text[length++] = '-';
    do digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0 && count < 6);
    while (count > 0) text[length++] = digits[--count];
    return length;
}

/* By /proc of the host: to be called while that is still there. */
static void set_score(int score, int socket) {
    char text[8];
    size_t length = decimal(score, text);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    ssize_t written = fd < 0 ? -1 : write(fd, text, length);
    /* EACCES: only CAP_SYS_RESOURCE goes below the lowest score that this process was ever given. Nobody asked for 0. */
    if (written < 0 && score != 0) claunch_child_fail(socket, CLAUNCH_STAGE_OOM_SCORE, 0);
    if (fd >= 0) close(fd);
}

/* Priority, score and policy are what init(1) begins with. Where the kernel says no, because giving back what the caller
 * has given up needs a capability that is not there, the caller's stays. */
void claunch_child_attributes(const struct claunch_process *process, int socket) {
    struct sched_param ordinary = {0};
    default_signals();
    umask(0);
    set_score(process->oom_score, socket);
    syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &ordinary);
    setpriority(PRIO_PROCESS, 0, 0);
    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_NONE, 0));
    all_processors();
    syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
    syscall(SYS_personality, PER_LINUX);
    prctl(PR_SET_TIMERSLACK, 50000, 0, 0, 0); /* 50 us; 0 would be what the caller had when we began */
    prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
    prctl(PR_SET_SECUREBITS, 0, 0, 0, 0);
}

/* Process 1 of --init goes on in our memory, and who may trace it may read /proc/1/environ: the caller's, which
 * execve(2) put there in one piece. */
void claunch_child_forget_environment(void) {
    char *end = environ ? environ[0] : NULL;
    if (!end) return;
    for (char **entry = environ; *entry == end; entry++) end += strlen(end) + 1;
    memset(environ[0], 0, (size_t)(end - environ[0]));
}

static int set_limit(const struct claunch_rlimit *limit) {
    struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard}, present;
    if (syscall(SYS_prlimit64, 0, limit->resource, &value, NULL) == 0) return 0;
    /* Raising a hard limit needs CAP_SYS_RESOURCE. Nobody has asked for a default: as near as one can get will do. */
    if (!limit->is_default || errno != EPERM) return -1;
    if (syscall(SYS_prlimit64, 0, limit->resource, NULL, &present) < 0) return -1;
    value.rlim_max = present.rlim_max;
    if (value.rlim_cur > value.rlim_max) value.rlim_cur = value.rlim_max;
    return (int)syscall(SYS_prlimit64, 0, limit->resource, &value, NULL);
}

void claunch_child_limits(const struct claunch_process *process, int socket) {
    for (size_t i = 0; i < process->rlimit_count; i++)
        if (set_limit(&process->rlimits[i]) < 0) claunch_child_fail(socket, CLAUNCH_STAGE_RLIMIT, (int)i);
}
