/* trace: attaches to every process that appears in its pid namespace, as soon as it does, and prints what that one may do:
 * "PID CapEff Seccomp". For a container that may trace (SYS_PTRACE). It ends after three seconds without a new one, and after a minute. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void report(int pid) {
    char path[64], line[256], capabilities[64] = "?", filter[16] = "?";
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        sscanf(line, "CapEff: %63s", capabilities);
        sscanf(line, "Seccomp: %15s", filter);
    }
    fclose(file);
    printf("%d %s %s\n", pid, capabilities, filter);
    fflush(stdout);
}

/* The next number is the next process's: to ask for it costs one call, to read /proc costs many. */
static int attach_next(int last) {
    for (int pid = last + 1; pid < last + 64; pid++) {
        int status;
        if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0) continue;
        if (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) report(pid);
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
        return pid;
    }
    return last;
}

/* The number given last in this pid namespace (proc_loadavg(5)). */
static int newest(void) {
    int pid = 0;
    FILE *file = fopen("/proc/loadavg", "r");
    if (!file) return 0;
    if (fscanf(file, "%*s %*s %*s %*s %d", &pid) != 1) pid = 0;
    fclose(file);
    return pid;
}

/* While this one did not run, more may have come and gone than `attach_next` asks for. */
static int caught_up(int last) {
    int pid = newest();
    return pid > last + 16 ? pid - 1 : last;
}

int main(void) {
    int last = getpid();
    double start = now(), seen = start;
    puts("ready");
    fflush(stdout);
    while (now() - start < 60 && (now() - seen < 3 || last == getpid())) {
        int next = attach_next(last);
        if (next != last) seen = now();
        last = next != last ? next : caught_up(last);
    }
    puts("done");
    return 0;
}
