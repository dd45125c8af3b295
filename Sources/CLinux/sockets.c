#include "clinux.h"
#include "result.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
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

int clinux_reserve_port(const uint8_t *address, size_t size, uint16_t port, int tcp, const char *device) {
    struct sockaddr_storage name;
    socklen_t length = internet_name(&name, address, size, port);
    if (length == 0) return -EAFNOSUPPORT;
    int is_ipv6 = name.ss_family == AF_INET6;
    int waits = is_ipv6 ? SOCK_NONBLOCK : 0, backlog = is_ipv6 ? SOMAXCONN : 1;
    int fd = socket(name.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | waits, 0);
    if (fd < 0) return -errno;
    int one = 1;
    /* To the device last: until then the port must be free on all of them, also those of other networks. */
    if ((tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0)
        || (is_ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0)
        || bind(fd, (struct sockaddr *)&name, length) < 0 || (tcp && listen(fd, backlog) < 0)
        || (*device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)) < 0)) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clinux_bind_to_device(int fd, const char *device) {
    return result(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)));
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

int clinux_receive_from(int socket, void *bytes, size_t size, struct clinux_peer *peer) {
    socklen_t length = sizeof peer->name;
    memset(peer, 0, sizeof *peer);
    int received = result(recvfrom(socket, bytes, size, MSG_DONTWAIT, (struct sockaddr *)peer->name, &length));
    peer->length = length;
    return received < 0 || length <= sizeof peer->name ? received : -EAFNOSUPPORT;
}

int clinux_send_to(int socket, const void *bytes, size_t size, const struct clinux_peer *peer) {
    return result(
        sendto(socket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)peer->name, peer->length));
}

int clinux_reset_on_close(int socket) {
    struct linger now = {.l_onoff = 1};
    return result(setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now));
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

int clinux_connect_internet(const uint8_t *address, size_t size, uint16_t port, int stream) {
    struct sockaddr_storage name;
    socklen_t length = internet_name(&name, address, size, port);
    return length == 0 ? -EINVAL : connected(&name, length, stream ? SOCK_STREAM : SOCK_DGRAM);
}

int clinux_connection_error(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? -errno : -error;
}

int clinux_sealed_memory(const void *bytes, size_t size) {
    int fd = memfd_create("mydocker-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    ssize_t written = write(fd, bytes, size);
    if (written < 0 || (size_t)written < size
        || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
        int error = written < 0 || (size_t)written == size ? errno : ENOSPC;
        close(fd);
        return -error;
    }
    return fd;
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
