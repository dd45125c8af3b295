#include "clinux.h"
#include "result.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* An address of 4 or 16 bytes and a port as a name; its length, 0 of any other size. */
static socklen_t internet_name(struct sockaddr_storage *name, const uint8_t *address, size_t size, uint16_t port) {
    memset(name, 0, sizeof *name);
    struct sockaddr_in *name4 = (struct sockaddr_in *)name;
    struct sockaddr_in6 *name6 = (struct sockaddr_in6 *)name;
    if (size == sizeof name4->sin_addr) {
        name4->sin_family = AF_INET;
        name4->sin_port = htons(port);
        memcpy(&name4->sin_addr, address, size);
        return sizeof *name4;
    }
    if (size != sizeof name6->sin6_addr) return 0;
    name6->sin6_family = AF_INET6;
    name6->sin6_port = htons(port);
    memcpy(&name6->sin6_addr, address, size);
    return sizeof *name6;
}

int clinux_reserve_port(const uint8_t *address, size_t size, uint16_t port, int protocol, const char *device) {
    struct sockaddr_storage name;
    socklen_t length = internet_name(&name, address, size, port);
    if (length == 0) return -EAFNOSUPPORT;
    int listens = protocol != IPPROTO_UDP, is_ipv6 = name.ss_family == AF_INET6;
    /* To one of a device nobody connects; at the others somebody listens. None of them ever waits. */
    int backlog = *device ? 1 : SOMAXCONN, type = listens ? SOCK_STREAM : SOCK_DGRAM;
    int fd = socket(name.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd < 0) return -errno;
    int one = 1;
    /* To the device last: until then the port must be free on all of them, also those of other networks. */
    if ((listens && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0)
        || (is_ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0)
        || (!is_ipv6 && !listens && setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) < 0)
        || bind(fd, (struct sockaddr *)&name, length) < 0 || (listens && listen(fd, backlog) < 0)
        || (*device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)) < 0)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clinux_bind_to_device(int fd, const char *device) {
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)) < 0) return -errno;
    int type = SOCK_DGRAM;
    socklen_t length = sizeof type;
    if (*device || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_STREAM) return 0;
    /* From now on somebody listens there. */
    return result(listen(fd, SOMAXCONN));
}

int clinux_bound_port(int fd) {
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &length) < 0) return -errno;
    return ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port : ((struct sockaddr_in *)&name)->sin_port);
}

int clinux_serve_port(uint32_t address, uint16_t port, int tcp) {
    int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    int one = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0
        || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0
        || bind(fd, (struct sockaddr *)&name, sizeof name) < 0 || (tcp && listen(fd, SOMAXCONN) < 0)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

/* Room for a struct in_pktinfo. */
union packet_control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* The address of this host that a datagram of IPv4 was sent to, behind the name of its sender: an answer comes from there. */
static struct in_addr *local_address(struct clinux_peer *peer) {
    return (struct in_addr *)((char *)peer->name + sizeof(struct sockaddr_in));
}

/* The same of an IPv4 address that is written as one of IPv6. */
static int address_of(const struct sockaddr *name, uint8_t address[16]) {
    if (name->sa_family == AF_INET) {
        memcpy(address, &((const struct sockaddr_in *)name)->sin_addr, 4);
        return 4;
    }
    if (name->sa_family != AF_INET6) return 0;
    const struct in6_addr *ip = &((const struct sockaddr_in6 *)name)->sin6_addr;
    int is_mapped = IN6_IS_ADDR_V4MAPPED(ip);
    memcpy(address, ip->s6_addr + (is_mapped ? 12 : 0), is_mapped ? 4 : 16);
    return is_mapped ? 4 : 16;
}

int clinux_address_of_end(int fd, int is_peer, uint8_t address[16]) {
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    struct sockaddr *end = (struct sockaddr *)&name;
    if ((is_peer ? getpeername(fd, end, &length) : getsockname(fd, end, &length)) < 0) return 0;
    return address_of(end, address);
}

int clinux_address_of_peer(const struct clinux_peer *peer, uint8_t address[16]) {
    return address_of((const struct sockaddr *)peer->name, address);
}

/* The parts of one datagram's header. */
struct packet_parts {
    struct iovec content;
    union packet_control control;
};

/* The header of a datagram that is to come, or to go. */
static struct msghdr packet_header(struct packet_parts *parts, void *bytes, size_t size, struct clinux_peer *peer, size_t name) {
    parts->content = (struct iovec){bytes, size};
    return (struct msghdr){.msg_name = peer->name, .msg_namelen = name, .msg_iov = &parts->content, .msg_iovlen = 1};
}

/* What the kernel says of one that has come. */
static void note_peer(struct msghdr *message, struct clinux_peer *peer) {
    peer->length = message->msg_namelen <= sizeof peer->name ? message->msg_namelen : 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header && header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO)
        *local_address(peer) = ((struct in_pktinfo *)CMSG_DATA(header))->ipi_spec_dst;
}

int clinux_receive_from(int socket, void *bytes, size_t size, uint32_t *lengths, struct clinux_peer *peers, uint32_t count) {
    struct mmsghdr messages[CLINUX_MAX_DATAGRAMS];
    struct packet_parts parts[CLINUX_MAX_DATAGRAMS];
    if (count > CLINUX_MAX_DATAGRAMS) count = CLINUX_MAX_DATAGRAMS;
    memset(peers, 0, count * sizeof *peers);
    for (uint32_t i = 0; i < count; i++) {
        struct msghdr *message = &messages[i].msg_hdr;
        *message = packet_header(&parts[i], (char *)bytes + i * size, size, &peers[i], sizeof peers->name);
        message->msg_control = parts[i].control.bytes;
        message->msg_controllen = sizeof parts->control.bytes;
    }
    int received = result(recvmmsg(socket, messages, count, MSG_DONTWAIT, NULL));
    for (int i = 0; i < received; i++) {
        note_peer(&messages[i].msg_hdr, &peers[i]);
        lengths[i] = messages[i].msg_len;
    }
    return received;
}

/* An answer to it comes from the address that it was sent to. */
static void send_from_local_address(struct msghdr *message, union packet_control *control, struct clinux_peer *peer) {
    if (((struct sockaddr *)peer->name)->sa_family != AF_INET || !local_address(peer)->s_addr) return;
    struct in_pktinfo information = {.ipi_spec_dst = *local_address(peer)};
    memset(control, 0, sizeof *control);
    control->header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof information), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(&control->header), &information, sizeof information);
    message->msg_control = control->bytes;
    message->msg_controllen = sizeof control->bytes;
}

int clinux_send_to(int socket, const void *bytes, const uint32_t *lengths, const struct clinux_peer *to, uint32_t count) {
    struct mmsghdr messages[CLINUX_MAX_DATAGRAMS];
    struct packet_parts parts[CLINUX_MAX_DATAGRAMS];
    struct clinux_peer peers[CLINUX_MAX_DATAGRAMS];
    if (count > CLINUX_MAX_DATAGRAMS) count = CLINUX_MAX_DATAGRAMS;
    memcpy(peers, to, count * sizeof *peers);
    for (uint32_t i = 0; i < count; bytes = (const char *)bytes + lengths[i++]) {
        messages[i].msg_hdr = packet_header(&parts[i], (void *)bytes, lengths[i], &peers[i], peers[i].length);
        send_from_local_address(&messages[i].msg_hdr, &parts[i].control, &peers[i]);
    }
    return result(sendmmsg(socket, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int clinux_reset_on_close(int socket) {
    struct linger now = {.l_onoff = 1};
    return result(setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now));
}

int clinux_send_at_once(int socket) {
    int one = 1;
    return result(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
}

static int local_name(struct sockaddr_un *name, const char *path) {
    memset(name, 0, sizeof *name);
    name->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof name->sun_path) return -ENAMETOOLONG;
    strcpy(name->sun_path, path);
    return 0;
}

int clinux_listen_local(const char *path, int backlog) {
    struct sockaddr_un name;
    int error = local_name(&name, path);
    if (error < 0) return error;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    /* The file gets the socket's own mode (unix_bind in net/unix/af_unix.c): nobody else may connect at any moment. */
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) < 0 || listen(fd, backlog) < 0) {
        error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

static int connected(const void *name, socklen_t length, int type) {
    int fd = socket(((const struct sockaddr *)name)->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    if (connect(fd, name, length) < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

static int connect_path(const char *path, int type) {
    struct sockaddr_un name;
    int error = local_name(&name, path);
    return error < 0 ? error : connected(&name, sizeof name, type);
}

int clinux_connect_local(const char *path) { return connect_path(path, SOCK_SEQPACKET); }

int clinux_connect_receiver(const char *path, int stream) {
    return connect_path(path, stream ? SOCK_STREAM : SOCK_DGRAM);
}

int clinux_connect_internet(const uint8_t *address, size_t size, uint16_t port, uint32_t link, int stream) {
    struct sockaddr_storage name;
    socklen_t length = internet_name(&name, address, size, port);
    if (name.ss_family == AF_INET6) ((struct sockaddr_in6 *)&name)->sin6_scope_id = link;
    return length == 0 ? -EINVAL : connected(&name, length, stream ? SOCK_STREAM : SOCK_DGRAM);
}

int clinux_connection_error(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? -errno : -error;
}

int clinux_accept(int socket) { return result(accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)); }

int64_t clinux_peer_uid(int socket) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 ? -errno : (int64_t)peer.uid;
}

int clinux_send_packet(int socket, const void *bytes, size_t size, const int *descriptors, size_t count) {
    union { char bytes[CMSG_SPACE(CLINUX_MAX_PASSED * sizeof(int))]; struct cmsghdr align; } control = {{0}};
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > CLINUX_MAX_PASSED) return -EINVAL;
    if (count > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    return result(sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int clinux_receive_packet(int socket, void *bytes, size_t size, int *descriptors, size_t *count) {
    union { char bytes[CMSG_SPACE(CLINUX_MAX_PASSED * sizeof(int))]; struct cmsghdr align; } control;
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *count = 0;
    int length = result(recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (length < 0) return length;
    /* What does not fit into `control` the kernel has closed. */
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors, CMSG_DATA(header), *count * sizeof(int));
    }
    return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : length;
}
