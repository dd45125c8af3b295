#include "internal.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The extensions used here, in the revisions that iptables(8) and ip6tables(8) pick on kernels from 5.12 on. */
static const struct {
    const char *name;
    int revision, of_ipv6;
} extensions[] = {
    {"tcp", 0, 0},     {"udp", 0, 0},        {"addrtype", 1, 1}, {"conntrack", 3, 3},
    {"comment", 0, 0}, {"MASQUERADE", 0, 0}, {"SNAT", 0, 1},     {"DNAT", 2, 2},
};

int ciptables_revision(int ipv6, const char *name) {
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (strcmp(extensions[i].name, name) == 0) return ipv6 ? extensions[i].of_ipv6 : extensions[i].revision;
    return -1;
}

int ciptables_supports(int ipv6, const char *name, int is_target) {
    int revision = ciptables_revision(ipv6, name);
    if (revision < 0) return 0;
    int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0) return -errno;
    struct xt_get_revision request = {.revision = (uint8_t)revision};
    strncpy(request.name, name, sizeof request.name - 1);
    socklen_t size = sizeof request;
    int match = ipv6 ? IP6T_SO_GET_REVISION_MATCH : IPT_SO_GET_REVISION_MATCH;
    int target = ipv6 ? IP6T_SO_GET_REVISION_TARGET : IPT_SO_GET_REVISION_TARGET;
    int level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int result = getsockopt(fd, level, is_target ? target : match, &request, &size) == 0 ? 1 : errno == EPERM ? -EPERM : 0;
    close(fd);
    return result;
}

void ciptables_load_module(const char *name) {
    /* Asked about a network device that it does not know, the kernel runs modprobe with that name. */
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    (void)ioctl(fd, SIOCGIFFLAGS, &request);
    close(fd);
}
