/* What a hostile program with CAP_NET_RAW sends, frame by frame, on eth0 of a container; and what it hears there.
 *
 *     arp SOURCE-MAC SENDER-MAC SENDER-IP DESTINATION-MAC TARGET-IP request|reply
 *     udp SOURCE-MAC DESTINATION-MAC SOURCE-IP DESTINATION-IP PORT TEXT
 *     udp6 SOURCE-MAC DESTINATION-MAC SOURCE-IP DESTINATION-IP PORT TEXT
 *     ra SOURCE-MAC PREFIX       a router advertisement (RFC 4861) to all nodes
 *     vlan SOURCE-MAC DESTINATION-MAC SOURCE-IP DESTINATION-IP PORT TEXT     udp with a tag of 802.1Q
 *     flood COUNT                broadcasts from as many MACs
 *     sniff                      says "ready", then a line for each frame that others sent: type in hex, source MAC, letters
 *     ping ADDRESS               by a socket for which no capability is needed; fails without an answer
 */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

typedef unsigned char byte;

static byte frame[2048];
static size_t length;

static void add(const void *bytes, size_t size) {
    memcpy(frame + length, bytes, size);
    length += size;
}

static void add_mac(const char *text) {
    unsigned part[6] = {0};
    byte mac[6];
    sscanf(text, "%x:%x:%x:%x:%x:%x", part, part + 1, part + 2, part + 3, part + 4, part + 5);
    for (int i = 0; i < 6; i++) mac[i] = (byte)part[i];
    add(mac, 6);
}

static void add_address(int family, const char *text) {
    byte address[16];
    if (inet_pton(family, text, address) != 1) exit(2);
    add(address, family == AF_INET ? 4 : 16);
}

static void add_number(unsigned number) {
    uint16_t value = htons((uint16_t)number);
    add(&value, 2);
}

static unsigned sum(const void *bytes, size_t size, unsigned start) {
    const byte *at = bytes;
    for (size_t i = 0; i + 1 < size; i += 2) start += (unsigned)at[i] << 8 | at[i + 1];
    if (size & 1) start += (unsigned)at[size - 1] << 8;
    return start;
}

static uint16_t folded(unsigned total) {
    while (total >> 16) total = (total & 0xffff) + (total >> 16);
    return htons((uint16_t)~total);
}

static int open_link(int protocol) { return socket(AF_PACKET, SOCK_RAW, htons((uint16_t)protocol)); }

static int send_frame(void) {
    static int link = -1;
    if (link < 0) link = open_link(ETH_P_ALL);
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("eth0"), .sll_halen = 6};
    memcpy(to.sll_addr, frame, 6);
    int failed = sendto(link, frame, length, 0, (void *)&to, sizeof to) != (ssize_t)length;
    length = 0;
    if (failed) perror("send");
    return failed;
}

static int arp(char **words) {
    add_mac(words[3]);
    add_mac(words[0]);
    add_number(ETHERTYPE_ARP);
    add("\0\1\10\0\6\4", 6);
    int is_reply = strcmp(words[5], "reply") == 0;
    add_number(is_reply ? 2 : 1);
    add_mac(words[1]);
    add_address(AF_INET, words[2]);
    add_mac(is_reply ? words[3] : "0:0:0:0:0:0");
    add_address(AF_INET, words[4]);
    return send_frame();
}

static void add_udp(const char *port, const char *text) {
    add_number(5555);
    add_number((unsigned)atoi(port));
    add_number(8 + (unsigned)strlen(text));
    add_number(0); /* no checksum */
    add(text, strlen(text));
}

static int udp(char **words, int is_tagged) {
    add_mac(words[1]);
    add_mac(words[0]);
    if (is_tagged) {
        add_number(ETHERTYPE_VLAN);
        add_number(0); /* a priority only: what is below it is for the untagged network */
    }
    add_number(ETHERTYPE_IP);
    struct iphdr *header = (struct iphdr *)(frame + length);
    add("\x45\0\0\0\0\0\0\0\x40\x11\0\0", 12);
    add_address(AF_INET, words[2]);
    add_address(AF_INET, words[3]);
    header->tot_len = htons((uint16_t)(28 + strlen(words[5])));
    header->check = folded(sum(header, 20, 0));
    add_udp(words[4], words[5]);
    return send_frame();
}

static struct ip6_hdr *add_v6(const char *source, const char *destination, int next, size_t size) {
    struct ip6_hdr *header = (struct ip6_hdr *)(frame + length);
    add("\x60\0\0\0\0\0\0\xff", 8);
    add_address(AF_INET6, source);
    add_address(AF_INET6, destination);
    header->ip6_plen = htons((uint16_t)size);
    header->ip6_nxt = (byte)next;
    return header;
}

/* The sum over the pseudo header (RFC 8200) and what follows. */
static uint16_t checksum_v6(const struct ip6_hdr *header) {
    size_t size = ntohs(header->ip6_plen);
    return folded(sum(header + 1, size, sum(&header->ip6_src, 32, (unsigned)size + header->ip6_nxt)));
}

static int udp6(char **words) {
    add_mac(words[1]);
    add_mac(words[0]);
    add_number(ETHERTYPE_IPV6);
    struct ip6_hdr *header = add_v6(words[2], words[3], IPPROTO_UDP, 8 + strlen(words[5]));
    add_udp(words[4], words[5]);
    ((struct udphdr *)(header + 1))->check = checksum_v6(header);
    return send_frame();
}

static int advertise(char **words) {
    add_mac("33:33:00:00:00:01");
    add_mac(words[0]);
    add_number(ETHERTYPE_IPV6);
    struct ip6_hdr *header = add_v6("fe80::bad:1", "ff02::1", IPPROTO_ICMPV6, 48);
    add("\x86\0\0\0\x40\0\x07\x08\0\0\0\0\0\0\0\0", 16);               /* hop limit 64, lifetime 1800 s */
    add("\3\4\x40\xc0\0\0\x07\x08\0\0\x07\x08\0\0\0\0", 16);           /* prefix of 64 bits, on link, for addresses */
    add_address(AF_INET6, words[1]);
    ((struct icmp6_hdr *)(header + 1))->icmp6_cksum = checksum_v6(header);
    return send_frame();
}

static int flood(int count) {
    for (int i = 0; i < count; i++) {
        byte source[6] = {2, 0x66, 0, (byte)(i >> 16), (byte)(i >> 8), (byte)i};
        add_mac("ff:ff:ff:ff:ff:ff");
        add(source, 6);
        add_number(0x88b5); /* for local experiments */
        add("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 46);
        if (send_frame()) return 1;
    }
    return 0;
}

static int sniff(void) {
    int link = open_link(ETH_P_ALL);
    if (link < 0) return 1;
    printf("ready\n");
    for (;;) {
        fflush(stdout);
        struct sockaddr_ll from;
        socklen_t size = sizeof from;
        ssize_t count = recvfrom(link, frame, sizeof frame, 0, (void *)&from, &size);
        if (count < 14 || from.sll_pkttype == PACKET_OUTGOING) continue;
        printf("%02x%02x %02x:%02x:%02x:%02x:%02x:%02x ", frame[12], frame[13], frame[6], frame[7], frame[8], frame[9],
               frame[10], frame[11]);
        for (ssize_t i = 14; i < count; i++)
            if (frame[i] > ' ' && frame[i] < 127) putchar(frame[i]);
        putchar('\n');
    }
}

static int ping(const char *address, int milliseconds) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct icmphdr echo = {.type = ICMP_ECHO}, answer;
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) return perror("socket"), 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (sendto(fd, &echo, sizeof echo, 0, (void *)&to, sizeof to) < 0) return perror("send"), 1;
    return recv(fd, &answer, sizeof answer, 0) != sizeof answer || answer.type != ICMP_ECHOREPLY;
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "";
    words += 2;
    count -= 2;
    if (!strcmp(what, "arp") && count == 6) return arp(words);
    if (!strcmp(what, "udp") && count == 6) return udp(words, 0);
    if (!strcmp(what, "vlan") && count == 6) return udp(words, 1);
    if (!strcmp(what, "udp6") && count == 6) return udp6(words);
    if (!strcmp(what, "ra") && count == 2) return advertise(words);
    if (!strcmp(what, "flood") && count == 1) return flood(atoi(words[0]));
    if (!strcmp(what, "sniff")) return sniff();
    if (!strcmp(what, "ping") && count >= 1) return ping(words[0], count == 1 ? 2000 : atoi(words[1]));
    return 2;
}
