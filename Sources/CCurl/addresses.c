#include "internal.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

/* An address that is looked at: IPv4 also where it is written as one of IPv6. */
union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static union address plain(const struct sockaddr *name) {
    union address address = {.any.sa_family = name->sa_family};
    if (name->sa_family == AF_INET) memcpy(&address.four, name, sizeof address.four);
    if (name->sa_family != AF_INET6) return address;
    memcpy(&address.six, name, sizeof address.six);
    if (!IN6_IS_ADDR_V4MAPPED(&address.six.sin6_addr)) return address;
    union address mapped = {.four = {.sin_family = AF_INET}};
    memcpy(&mapped.four.sin_addr, address.six.sin6_addr.s6_addr + 12, sizeof mapped.four.sin_addr);
    return mapped;
}

static int kind_of_ipv4(uint32_t address) {
    // 0.0.0.0 is this host, too.
    if (address >> 24 == 127 || address >> 24 == 0) return CCURL_REFUSE_LOOPBACK;
    return address >> 16 == 0xa9fe ? CCURL_REFUSE_LINK_LOCAL : 0;
}

static int kind_of(const union address *address) {
    if (address->any.sa_family == AF_INET) return kind_of_ipv4(ntohl(address->four.sin_addr.s_addr));
    if (address->any.sa_family != AF_INET6) return 0;
    const struct in6_addr *ip = &address->six.sin6_addr;
    if (IN6_IS_ADDR_LOOPBACK(ip) || IN6_IS_ADDR_UNSPECIFIED(ip)) return CCURL_REFUSE_LOOPBACK;
    return IN6_IS_ADDR_LINKLOCAL(ip) ? CCURL_REFUSE_LINK_LOCAL : 0;
}

/* Whether an interface of this host has it. */
static int is_own(const union address *address) {
    struct ifaddrs *all, *one;
    int found = 0;
    if (getifaddrs(&all) < 0) return 0;
    for (one = all; one && !found; one = one->ifa_next) {
        if (!one->ifa_addr || one->ifa_addr->sa_family != address->any.sa_family) continue;
        if (address->any.sa_family == AF_INET)
            found = ((const struct sockaddr_in *)one->ifa_addr)->sin_addr.s_addr == address->four.sin_addr.s_addr;
        else if (address->any.sa_family == AF_INET6)
            found = IN6_ARE_ADDR_EQUAL(
                &((const struct sockaddr_in6 *)one->ifa_addr)->sin6_addr, &address->six.sin6_addr);
    }
    freeifaddrs(all);
    return found;
}

int ccurl_refuses(const struct sockaddr *name, int refused) {
    union address address = plain(name);
    if (kind_of(&address) & refused) return 1;
    return refused & CCURL_REFUSE_LOOPBACK && is_own(&address);
}

int ccurl_kinds_of_address(const char *text) {
    union address given = {.any.sa_family = AF_UNSPEC};
    if (inet_pton(AF_INET, text, &given.four.sin_addr) == 1) given.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &given.six.sin6_addr) == 1) given.any.sa_family = AF_INET6;
    else return 0;
    union address address = plain(&given.any);
    return kind_of(&address) | (is_own(&address) ? CCURL_REFUSE_LOOPBACK : 0);
}
