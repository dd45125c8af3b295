/* Netlink messages and sockets over libmnl.
 *
 * Functions that can fail return -errno. Nothing here allocates but the socket handle, and nothing
 * keeps a pointer that it was given. Buffers must be aligned to 4 bytes (NLMSG_ALIGNTO). */
#ifndef CNETLINK_H
#define CNETLINK_H
#include <linux/fib_rules.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/veth.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- requests ---- */

/* Several requests one behind the other in a buffer of the caller's. The first put that does not
 * fit sets `failure`, and all further ones do nothing: it is enough to look at the end. */
struct cnetlink_writer {
    void *buffer;
    size_t capacity;
    size_t start;   /* of the last request */
    uint32_t count; /* requests begun */
    int failure;    /* 0 or -errno */
};

/* Begins the next request. Its sequence number is its place, from 0. */
void cnetlink_begin(struct cnetlink_writer *writer, uint16_t type, uint16_t flags);
/* The fixed header behind struct nlmsghdr; inside a nest, the one that its attribute begins with. */
void cnetlink_put_header(struct cnetlink_writer *writer, const void *header, size_t size);
void cnetlink_put(struct cnetlink_writer *writer, uint16_t type, const void *value, size_t size);
/* Opens a nested attribute and gives its place, which cnetlink_end_nest wants. */
size_t cnetlink_begin_nest(struct cnetlink_writer *writer, uint16_t type);
void cnetlink_end_nest(struct cnetlink_writer *writer, size_t nest);
/* Bytes of all requests. */
size_t cnetlink_length(const struct cnetlink_writer *writer);
/* Adds `first` to the sequence numbers. */
void cnetlink_add_sequence(struct cnetlink_writer *writer, uint32_t first);

/* ---- replies ---- */

/* One message of a datagram. */
struct cnetlink_message {
    uint16_t type;
    uint16_t flags;
    uint32_t sequence;
    uint32_t port;
    size_t payload; /* its offset in the datagram */
    size_t length;  /* of the payload */
};
/* Reads the message at *offset and moves *offset behind it: 1; 0 at the end; -EBADMSG. */
int cnetlink_next_message(const void *datagram, size_t size, size_t *offset, struct cnetlink_message *message);

struct cnetlink_attribute {
    uint16_t type; /* without NLA_F_NESTED and NLA_F_NET_BYTEORDER */
    size_t payload;
    size_t length;
};
/* The same for the attributes between *offset and `end`. */
int cnetlink_next_attribute(const void *bytes, size_t end, size_t *offset, struct cnetlink_attribute *attribute);

/* What the kernel says about a request: NLMSG_ERROR, or NLMSG_DONE at the end of a dump. */
struct cnetlink_verdict {
    int error;    /* 0 or an errno(3) value */
    size_t extra; /* offset of the attributes NLMSGERR_ATTR_*; `end` when there are none */
    size_t end;
};
/* 0, or -EBADMSG when the message is too short. */
int cnetlink_read_verdict(
    const void *datagram, const struct cnetlink_message *message, struct cnetlink_verdict *verdict);

/* ---- sockets ---- */

struct mnl_socket;

/* A bound socket of that NETLINK_* in the calling thread's network namespace, close-on-exec, with extended
 * and capped acknowledgements, strict checks of dump requests and a limit on waiting. */
int cnetlink_open(int protocol, struct mnl_socket **result);
/* The same of an rtnetlink socket that exists, bound or not. Takes `fd` over and closes it when it fails. */
int cnetlink_adopt(int fd, struct mnl_socket **result);
void cnetlink_close(struct mnl_socket *socket);
/* The same, for a socket whose close makes the caller wait, as that of nftables does behind a deletion (nf_tables waits for RCU). */
void cnetlink_close_later(struct mnl_socket *socket);
uint32_t cnetlink_port(const struct mnl_socket *socket);
/* Stays the socket's. */
int cnetlink_descriptor(const struct mnl_socket *socket);
/* 0 or -errno. */
int cnetlink_send(const struct mnl_socket *socket, const void *bytes, size_t size);
/* The length of the next datagram, or -errno: -ENOSPC when it is longer than `size`, -EAGAIN when none came. */
ssize_t cnetlink_receive(const struct mnl_socket *socket, void *bytes, size_t size);

enum {
    CNETLINK_IFF_UP = 0x1, /* <linux/if.h> does not go together with <net/if.h> */
    CNETLINK_IF_OPER_UP = 6,
    CNETLINK_TCP_LISTEN = 10, /* <netinet/tcp.h> does not go together with <linux/tcp.h> */
    /* Places in IFLA_INET_CONF and IFLA_INET6_CONF (<linux/ip.h>, <linux/ipv6.h>). */
    CNETLINK_IPV4_FORWARDING = 0,
    CNETLINK_IPV4_RP_FILTER = 7,
    CNETLINK_IPV4_ARP_IGNORE = 18,
    CNETLINK_IPV4_ROUTE_LOCALNET = 25,
    CNETLINK_IPV6_FORWARDING = 0,
    CNETLINK_IPV6_ACCEPT_RA = 3,
    CNETLINK_IPV6_DISABLE = 26,
    CNETLINK_IPV6_ACCEPT_DAD = 27,
    /* <linux/netfilter.h> does not go together with <netinet/in.h> */
    CNETLINK_NF_DROP = 0,
    CNETLINK_NF_ACCEPT = 1,
    CNETLINK_NF_INET_FORWARD = 2,
    CNETLINK_NF_INET_LOCAL_OUT = 3,
    CNETLINK_BATCH_BEGIN = NFNL_MSG_BATCH_BEGIN,
    CNETLINK_BATCH_END = NFNL_MSG_BATCH_END,
    CNETLINK_NFPROTO_INET = 1,
    CNETLINK_NFPROTO_IPV4 = 2,
    CNETLINK_NFPROTO_BRIDGE = 7,
    CNETLINK_NFPROTO_IPV6 = 10,
    CNETLINK_LOOPBACK_INDEX = 1, /* LOOPBACK_IFINDEX: lo is the first link of every network namespace */
};
#endif
