// netload server PORT                  one connection at a time; the first byte says what it is: 'e' echo, 's' sink
// netload connect HOST PORT TIMES      connect + one-byte round trip + close; prints the median in microseconds
// netload bulk HOST PORT SECONDS       sends as fast as it can; prints Gbit/s as counted by the receiver
// netload answers ADDRESS              a DNS server at port 53 that knows one address for every name
// netload lookup ADDRESS NAME TIMES    asks a DNS server at port 53, once after the other; prints the median in microseconds
// netload lookups ADDRESS NAME SECONDS the same, 16 at a time; prints how many were answered in a second
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
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
    int listener = socket(AF_INET6, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)}; // of both families
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

struct endpoint {
    struct sockaddr_storage address;
    socklen_t length;
};

static int parse(const char *host, const char *port, struct endpoint *endpoint) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(&endpoint->address, &v4, endpoint->length = sizeof v4);
        return 1;
    }
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) != 1) return 0;
    memcpy(&endpoint->address, &v6, endpoint->length = sizeof v6);
    return 1;
}

static int connected_by(int type, const struct endpoint *to) {
    int s = socket(to->address.ss_family, type, 0);
    if (s < 0 || connect(s, (const struct sockaddr *)&to->address, to->length) < 0) fail("connect");
    return s;
}

static int connected(const struct endpoint *to) {
    int s = connected_by(SOCK_STREAM, to);
    without_delay(s);
    return s;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_connect(const struct endpoint *to, int times) {
    double *took = calloc(times, sizeof *took);
    for (int i = 0; i < times; i++) {
        char byte = 'e';
        double begin = now();
        int s = connected(to);
        if (write(s, &byte, 1) != 1 || read(s, &byte, 1) != 1) fail("round trip");
        close(s);
        took[i] = (now() - begin) * 1e6;
    }
    qsort(took, times, sizeof *took, ascending);
    printf("%.1f\n", took[times / 2]);
}

static void measure_bulk(const struct endpoint *to, double seconds) {
    int s = connected(to);
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

// ---- names (RFC 1035, section 4) ----

enum { HEADER = 12, CLIENTS = 16 };

// Writes a question for the name's A record; answers with its length.
static size_t question(const char *name, uint16_t number, unsigned char *packet) {
    unsigned char header[HEADER] = {number >> 8, number & 255, 1, 0, 0, 1};
    size_t length = HEADER;
    memcpy(packet, header, HEADER);
    while (*name) {
        size_t label = strcspn(name, ".");
        packet[length++] = label;
        memcpy(packet + length, name, label);
        length += label;
        name += label + (name[label] == '.');
    }
    memcpy(packet + length, "\0\0\1\0\1", 5);
    return length + 5;
}

static void answers(const struct endpoint *at) {
    static const unsigned char record[] = {0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    int s = socket(at->address.ss_family, SOCK_DGRAM, 0);
    if (s < 0 || bind(s, (const struct sockaddr *)&at->address, at->length) < 0) fail("bind");
    for (;;) {
        struct endpoint from = {.length = sizeof from.address};
        unsigned char packet[512];
        ssize_t n = recvfrom(s, packet, sizeof packet, 0, (struct sockaddr *)&from.address, &from.length);
        if (n < HEADER) continue;
        // The question alone goes back: what else it may have come with is left out.
        size_t end = HEADER;
        while (end < (size_t)n && packet[end]) end += packet[end] + 1;
        end += 5;
        if (end > (size_t)n) continue;
        packet[2] = 0x81, packet[3] = 0x80, packet[7] = 1;
        memset(packet + 8, 0, 4);
        memcpy(packet + end, record, sizeof record);
        sendto(s, packet, end + sizeof record, 0, (struct sockaddr *)&from.address, from.length);
    }
}

static void ask(int s, const char *name, uint16_t number) {
    unsigned char packet[512];
    size_t length = question(name, number, packet);
    if (send(s, packet, length, 0) != (ssize_t)length) fail("send");
}

// An answer without an address is a failure: to say no is quick.
static void hear(int s, uint16_t number) {
    unsigned char packet[512];
    ssize_t n = recv(s, packet, sizeof packet, 0);
    if (n < HEADER || packet[0] != number >> 8 || packet[1] != (number & 255) || packet[3] & 15 || !packet[7]) {
        fprintf(stderr, "netload: no address\n");
        exit(1);
    }
}

static void measure_lookup(const struct endpoint *to, const char *name, int times) {
    double *took = calloc(times, sizeof *took);
    struct timeval patience = {5, 0};
    int s = connected_by(SOCK_DGRAM, to);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (int i = 0; i < times; i++) {
        double begin = now();
        ask(s, name, i);
        hear(s, i);
        took[i] = (now() - begin) * 1e6;
    }
    qsort(took, times, sizeof *took, ascending);
    printf("%.1f\n", took[times / 2]);
}

static void measure_lookups(const struct endpoint *to, const char *name, double seconds) {
    struct pollfd clients[CLIENTS];
    uint64_t total = 0;
    double begin = now();
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct pollfd){connected_by(SOCK_DGRAM, to), POLLIN, 0};
        ask(clients[i].fd, name, 1);
    }
    while (now() - begin < seconds) {
        if (poll(clients, CLIENTS, 5000) <= 0) fail("no answer");
        for (int i = 0; i < CLIENTS; i++) {
            if (!clients[i].revents) continue;
            hear(clients[i].fd, 1);
            total++;
            ask(clients[i].fd, name, 1);
        }
    }
    printf("%.0f\n", total / (now() - begin));
}

int main(int argc, char **argv) {
    struct endpoint to;
    if (argc == 3 && strcmp(argv[1], "server") == 0) server(atoi(argv[2]));
    if (argc == 3 && strcmp(argv[1], "answers") == 0 && parse(argv[2], "53", &to)) answers(&to);
    if (argc == 5 && strncmp(argv[1], "lookup", 6) == 0 && parse(argv[2], "53", &to)) {
        if (argv[1][6]) measure_lookups(&to, argv[3], atof(argv[4]));
        else measure_lookup(&to, argv[3], atoi(argv[4]));
        return 0;
    }
    if (argc == 5 && parse(argv[2], argv[3], &to)) {
        if (strcmp(argv[1], "connect") == 0) return measure_connect(&to, atoi(argv[4])), 0;
        if (strcmp(argv[1], "bulk") == 0) return measure_bulk(&to, atof(argv[4])), 0;
    }
    fprintf(stderr, "usage: netload server PORT | connect HOST PORT TIMES | bulk HOST PORT SECONDS | answers ADDRESS |\n"
                    "       lookup ADDRESS NAME TIMES | lookups ADDRESS NAME SECONDS\n");
    return 2;
}
