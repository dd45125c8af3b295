// timeit [-j JOBS] [-r TIMES] [-s FIRST] command [argument...]
//
// Starts the command TIMES times (default 1), at most JOBS at a time (default 1), with stdin and stdout on /dev/null,
// and prints the wall time of the whole in microseconds and the number of commands that failed. Measured here and not
// in the script around it, so that the script's own cost is not in the figure.
//
// In an argument, {} becomes the number of the go (FIRST, FIRST+1, ...) and {ip} the same number as the last two bytes
// of an address.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char *substitute(const char *text, int number) {
    char value[32], *result = malloc(strlen(text) * 8 + 64), *out = result;
    while (*text) {
        if (strncmp(text, "{}", 2) == 0) {
            snprintf(value, sizeof value, "%d", number);
            text += 2;
        } else if (strncmp(text, "{ip}", 4) == 0) {
            snprintf(value, sizeof value, "%d.%d", number / 200 + 1, number % 200 + 10);
            text += 4;
        } else {
            value[0] = *text++;
            value[1] = 0;
        }
        out = stpcpy(out, value);
    }
    *out = 0;
    return result;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
    int jobs = 1, times = 1, first = 1, option;
    while ((option = getopt(argc, argv, "+j:r:s:")) != -1) {
        if (option == 'j') jobs = atoi(optarg);
        else if (option == 'r') times = atoi(optarg);
        else if (option == 's') first = atoi(optarg);
        else return 2;
    }
    argv += optind;
    argc -= optind;
    if (argc < 1 || jobs < 1 || times < 1) return 2;

    // Everything is made ready before the clock starts.
    char ***commands = calloc(times, sizeof *commands);
    for (int i = 0; i < times; i++) {
        commands[i] = calloc(argc + 1, sizeof **commands);
        for (int a = 0; a < argc; a++) commands[i][a] = substitute(argv[a], first + i);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);

    int running = 0, started = 0, failed = 0;
    double begin = now();
    while (started < times || running > 0) {
        if (started < times && running < jobs) {
            pid_t pid;
            int error = posix_spawnp(&pid, argv[0], &actions, NULL, commands[started++], environ);
            if (error) {
                fprintf(stderr, "timeit: %s: %s\n", argv[0], strerror(error));
                failed++;
            } else {
                running++;
            }
            continue;
        }
        int status;
        if (wait(&status) < 0) break;
        running--;
        if (status != 0) failed++;
    }
    printf("%.1f %d\n", now() - begin, failed);
    return 0;
}
