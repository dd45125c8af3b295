// netload server PORT                  one connection at a time; the first byte says what it is: 'e' echo, 's' sink
// netload connect HOST PORT TIMES      connect + one-byte round trip + close; prints the median in microseconds
// netload bulk HOST PORT SECONDS       sends as fast as it can; prints Gbit/s as counted by the receiver
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[256 * 1024];

static void fail(const char *what) {
    fprintf(stderr, "netload: ");
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void without_delay(int s) {
    int on = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void server(int port) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, 128) < 0) fail("listen");
    for (;;) {
        int s = accept(listener, NULL, NULL);
        if (s < 0) continue;
        without_delay(s);
        char kind;
        uint64_t total = 0;
        ssize_t n;
        if (read(s, &kind, 1) == 1) {
            if (kind == 'e' && write(s, &kind, 1) == 1)
                while (read(s, &kind, 1) > 0) { } // until the other side has closed
            if (kind == 's') {
                while ((n = read(s, buffer, sizeof buffer)) > 0) total += n;
                if (write(s, &total, sizeof total) < 0) perror("netload: answer");
            }
        }
        close(s);
    }
}

static int connected(const struct sockaddr_in *address) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (const struct sockaddr *)address, sizeof *address) < 0) fail("connect");
    without_delay(s);
    return s;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_connect(const struct sockaddr_in *address, int times) {
    double *took = calloc(times, sizeof *took);
    for (int i = 0; i < times; i++) {
        char byte = 'e';
        double begin = now();
        int s = connected(address);
        if (write(s, &byte, 1) != 1 || read(s, &byte, 1) != 1) fail("round trip");
        close(s);
        took[i] = (now() - begin) * 1e6;
    }
    qsort(took, times, sizeof *took, ascending);
    printf("%.1f\n", took[times / 2]);
}

static void measure_bulk(const struct sockaddr_in *address, double seconds) {
    int s = connected(address);
    uint64_t total = 0;
    double begin = now();
    buffer[0] = 's';
    if (write(s, buffer, 1) != 1) fail("write");
    while (now() - begin < seconds)
        if (write(s, buffer, sizeof buffer) < 0) fail("write");
    shutdown(s, SHUT_WR);
    if (read(s, &total, sizeof total) != sizeof total) fail("answer");
    printf("%.2f\n", total * 8 / (now() - begin) / 1e9);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "server") == 0) server(atoi(argv[2]));
    if (argc == 5) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
        if (inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) return 2;
        if (strcmp(argv[1], "connect") == 0) return measure_connect(&address, atoi(argv[4])), 0;
        if (strcmp(argv[1], "bulk") == 0) return measure_bulk(&address, atof(argv[4])), 0;
    }
    fprintf(stderr, "usage: netload server PORT | connect HOST PORT TIMES | bulk HOST PORT SECONDS\n");
    return 2;
}
