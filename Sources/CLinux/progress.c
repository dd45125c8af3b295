#include "clinux.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* How long something takes, on standard error, once a second: by a timer of the kernel's, whose signal comes while the work
 * goes on. The handler copies bytes and calls write(2), nothing else. */

static char line[120];
static volatile sig_atomic_t seconds;

static void show(int signal) {
    (void)signal;
    int saved = errno;
    char text[sizeof line + 24] = "\r";
    size_t length = 1 + strlen(strcpy(text + 1, line));
    char digits[12];
    int count = 0;
    for (int rest = ++seconds; rest > 0 && count < (int)sizeof digits; rest /= 10) digits[count++] = (char)('0' + rest % 10);
    text[length++] = ' ';
    while (count > 0) text[length++] = digits[--count];
    memcpy(text + length, " s", 2);
    if (write(STDERR_FILENO, text, length + 2) < 0) seconds = 0;
    errno = saved;
}

void clinux_progress_begin(const char *what) {
    strncpy(line, what, sizeof line - 1);
    seconds = 0;
    struct sigaction action = {.sa_handler = show, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    /* Whatever the caller has blocked. */
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm, NULL);
    struct itimerval every = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};
    setitimer(ITIMER_REAL, &every, NULL);
}

void clinux_progress_end(void) {
    struct itimerval never = {0};
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
    /* The line is the next one's to write on. */
    static const char erasure[] = "\r\033[K";
    if (seconds > 0 && write(STDERR_FILENO, erasure, sizeof erasure - 1) < 0) return;
}
