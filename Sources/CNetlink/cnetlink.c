#include "cnetlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

_Static_assert(CNETLINK_IPV4_FORWARDING == IPV4_DEVCONF_FORWARDING - 1, "forwarding");
_Static_assert(CNETLINK_IPV4_RP_FILTER == IPV4_DEVCONF_RP_FILTER - 1, "rp_filter");
_Static_assert(CNETLINK_IPV4_ARP_IGNORE == IPV4_DEVCONF_ARP_IGNORE - 1, "arp_ignore");
_Static_assert(CNETLINK_IPV4_ROUTE_LOCALNET == IPV4_DEVCONF_ROUTE_LOCALNET - 1, "route_localnet");
_Static_assert(CNETLINK_IPV6_FORWARDING == DEVCONF_FORWARDING, "forwarding of IPv6");
_Static_assert(CNETLINK_IPV6_ACCEPT_RA == DEVCONF_ACCEPT_RA, "accept_ra");
_Static_assert(CNETLINK_IPV6_DISABLE == DEVCONF_DISABLE_IPV6, "disable_ipv6");
_Static_assert(CNETLINK_IPV6_ACCEPT_DAD == DEVCONF_ACCEPT_DAD, "accept_dad");

static struct nlmsghdr *current(const struct cnetlink_writer *writer) {
    return (struct nlmsghdr *)((char *)writer->buffer + writer->start);
}

/* Bytes from the start of the current request to the end of the buffer. */
static size_t room(const struct cnetlink_writer *writer) {
    return writer->capacity - writer->start;
}

static int usable(const struct cnetlink_writer *writer) {
    return writer->failure == 0 && writer->count > 0;
}

void cnetlink_begin(struct cnetlink_writer *writer, uint16_t type, uint16_t flags) {
    if (writer->failure < 0) return;
    size_t start = cnetlink_length(writer);
    if (start + MNL_NLMSG_HDRLEN > writer->capacity) {
        writer->failure = -EMSGSIZE;
        return;
    }
    writer->start = start;
    struct nlmsghdr *message = mnl_nlmsg_put_header(current(writer));
    message->nlmsg_type = type;
    message->nlmsg_flags = flags;
    message->nlmsg_seq = writer->count++;
}

void cnetlink_put_header(struct cnetlink_writer *writer, const void *header, size_t size) {
    if (!usable(writer)) return;
    if (current(writer)->nlmsg_len + MNL_ALIGN(size) > room(writer)) {
        writer->failure = -EMSGSIZE;
        return;
    }
    memcpy(mnl_nlmsg_put_extra_header(current(writer), size), header, size);
}

void cnetlink_put(struct cnetlink_writer *writer, uint16_t type, const void *value, size_t size) {
    if (!usable(writer)) return;
    if (size > UINT16_MAX - MNL_ATTR_HDRLEN ||
        !mnl_attr_put_check(current(writer), room(writer), type, size, value)) {
        writer->failure = -EMSGSIZE;
        return;
    }
    /* libmnl 1.0.4 leaves in the padding what was there before. */
    size_t padding = MNL_ALIGN(size) - size;
    memset((char *)mnl_nlmsg_get_payload_tail(current(writer)) - padding, 0, padding);
}

size_t cnetlink_begin_nest(struct cnetlink_writer *writer, uint16_t type) {
    if (!usable(writer)) return 0;
    struct nlattr *nest = mnl_attr_nest_start_check(current(writer), room(writer), type);
    if (nest == NULL) {
        writer->failure = -EMSGSIZE;
        return 0;
    }
    return (size_t)((char *)nest - (char *)current(writer));
}

void cnetlink_end_nest(struct cnetlink_writer *writer, size_t nest) {
    if (!usable(writer)) return;
    mnl_attr_nest_end(current(writer), (struct nlattr *)((char *)current(writer) + nest));
}

size_t cnetlink_length(const struct cnetlink_writer *writer) {
    return writer->count == 0 ? 0 : writer->start + current(writer)->nlmsg_len;
}

void cnetlink_add_sequence(struct cnetlink_writer *writer, uint32_t first) {
    int rest = (int)cnetlink_length(writer);
    struct nlmsghdr *message = writer->buffer;
    while (mnl_nlmsg_ok(message, rest)) {
        message->nlmsg_seq += first;
        message = mnl_nlmsg_next(message, &rest);
    }
}

int cnetlink_next_message(const void *datagram, size_t size, size_t *offset, struct cnetlink_message *message) {
    if (*offset == size) return 0;
    const struct nlmsghdr *header = (const struct nlmsghdr *)((const char *)datagram + *offset);
    if (*offset > size || size > INT32_MAX || !mnl_nlmsg_ok(header, (int)(size - *offset))) return -EBADMSG;
    /* mnl_nlmsg_ok takes a length above INT32_MAX for a negative one, which fits everywhere. */
    if (header->nlmsg_len > size - *offset) return -EBADMSG;
    message->type = header->nlmsg_type;
    message->flags = header->nlmsg_flags;
    message->sequence = header->nlmsg_seq;
    message->port = header->nlmsg_pid;
    message->payload = *offset + MNL_NLMSG_HDRLEN;
    message->length = mnl_nlmsg_get_payload_len(header);
    /* The last one may lack its padding. */
    size_t next = *offset + MNL_ALIGN((size_t)header->nlmsg_len);
    *offset = next < size ? next : size;
    return 1;
}

int cnetlink_next_attribute(const void *bytes, size_t end, size_t *offset, struct cnetlink_attribute *attribute) {
    if (*offset == end) return 0;
    const struct nlattr *header = (const struct nlattr *)((const char *)bytes + *offset);
    if (*offset > end || end > INT32_MAX || !mnl_attr_ok(header, (int)(end - *offset))) return -EBADMSG;
    attribute->type = mnl_attr_get_type(header);
    attribute->payload = *offset + MNL_ATTR_HDRLEN;
    attribute->length = mnl_attr_get_payload_len(header);
    size_t next = *offset + MNL_ALIGN((size_t)mnl_attr_get_len(header));
    *offset = next < end ? next : end;
    return 1;
}

/* The request comes back behind the errno: its header only (NLM_F_CAPPED, and always on success) or all of it. */
static size_t echoed_request(const struct cnetlink_message *message, const struct nlmsgerr *error) {
    if (error->error == 0 || message->flags & NLM_F_CAPPED || error->msg.nlmsg_len < MNL_NLMSG_HDRLEN)
        return sizeof *error;
    return sizeof error->error + MNL_ALIGN((size_t)error->msg.nlmsg_len);
}

int cnetlink_read_verdict(
    const void *datagram, const struct cnetlink_message *message, struct cnetlink_verdict *verdict) {
    const char *payload = (const char *)datagram + message->payload;
    struct nlmsgerr error = {0};
    size_t fixed = message->type == NLMSG_DONE ? sizeof error.error : sizeof error;
    if (message->length < fixed) return -EBADMSG;
    memcpy(&error, payload, fixed);
    if (error.error > 0 || error.error < -4095) return -EBADMSG; /* MAX_ERRNO */
    verdict->error = -error.error;
    verdict->end = message->payload + message->length;
    verdict->extra = verdict->end;
    if (message->flags & NLM_F_ACK_TLVS) {
        size_t skipped = message->type == NLMSG_DONE ? fixed : echoed_request(message, &error);
        if (skipped > message->length) return -EBADMSG;
        verdict->extra = message->payload + skipped;
    }
    return 0;
}

static int set_options(struct mnl_socket *socket) {
    static const int options[] = {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK};
    for (size_t i = 0; i < MNL_ARRAY_SIZE(options); i++) {
        int on = 1;
        if (mnl_socket_setsockopt(socket, options[i], &on, sizeof on) < 0) return -errno;
    }
    /* The kernel answers before send(2) returns. This makes an error of what would otherwise hang. */
    struct timeval limit = {.tv_sec = 10};
    return setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ? -errno : 0;
}

/* Closes the socket when it fails. */
static int prepare(struct mnl_socket *socket, struct mnl_socket **result) {
    int failure = set_options(socket);
    if (failure == 0 && mnl_socket_get_portid(socket) == 0 && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
        failure = -errno;
    if (failure < 0) {
        mnl_socket_close(socket);
        return failure;
    }
    *result = socket;
    return 0;
}

int cnetlink_open(int protocol, struct mnl_socket **result) {
    struct mnl_socket *socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
    return socket == NULL ? -errno : prepare(socket, result);
}

/* mnl_socket_fdopen takes any socket. */
static int check_family(int fd) {
    int domain = 0, protocol = -1;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0) return -errno;
    size = sizeof protocol;
    if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0) return -errno;
    return domain == AF_NETLINK && protocol == NETLINK_ROUTE ? 0 : -EPROTONOSUPPORT;
}

int cnetlink_adopt(int fd, struct mnl_socket **result) {
    int failure = check_family(fd);
    struct mnl_socket *socket = failure == 0 ? mnl_socket_fdopen(fd) : NULL;
    if (socket == NULL) {
        if (failure == 0) failure = -errno;
        close(fd);
        return failure;
    }
    /* The programs of the other namespace know its port, and may send there: to one that is connected only the kernel may. */
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    failure = prepare(socket, result);
    if (failure < 0 || connect(fd, (struct sockaddr *)&kernel, sizeof kernel) == 0) return failure;
    failure = -errno;
    mnl_socket_close(socket);
    return failure;
}

void cnetlink_close(struct mnl_socket *socket) {
    mnl_socket_close(socket);
}

/* A socket in a message that nobody can ever read is closed by the kernel's collector of such (net/unix/garbage.c), which the last
 * close here wakes. */
void cnetlink_close_later(struct mnl_socket *socket_) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return cnetlink_close(socket_);
    int passed[3] = {ends[0], ends[1], mnl_socket_get_fd(socket_)};
    union { char bytes[CMSG_SPACE(sizeof passed)]; struct cmsghdr align; } control = {{0}};
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof passed);
    memcpy(CMSG_DATA(header), passed, sizeof passed);
    sendmsg(ends[0], &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(ends[0]);
    close(ends[1]);
    cnetlink_close(socket_);
    int waker = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (waker >= 0) close(waker);
}

int cnetlink_descriptor(const struct mnl_socket *socket) {
    return mnl_socket_get_fd(socket);
}

uint32_t cnetlink_port(const struct mnl_socket *socket) {
    return mnl_socket_get_portid(socket);
}

/* A message has to fit into the socket's buffer (netlink_sendmsg). Most that is sent is small: the buffer is made larger when it has to be. */
static int make_room(const struct mnl_socket *socket, size_t size) {
    int wanted = size < INT_MAX / 2 ? (int)size + 4096 : INT_MAX / 2;
    return setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted);
}

int cnetlink_send(const struct mnl_socket *socket, const void *bytes, size_t size) {
    int has_room = 0;
    for (;;) {
        if (mnl_socket_sendto(socket, bytes, size) >= 0) return 0;
        if (errno == EINTR) continue;
        if (errno != EMSGSIZE) return -errno;
        if (has_room || make_room(socket, size) < 0) return -EMSGSIZE;
        has_room = 1;
    }
}

ssize_t cnetlink_receive(const struct mnl_socket *socket, void *bytes, size_t size) {
    ssize_t received;
    do received = mnl_socket_recvfrom(socket, bytes, size);
    while (received < 0 && errno == EINTR);
    return received < 0 ? -errno : received;
}
