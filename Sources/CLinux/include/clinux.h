/* System calls and macros that Glibc's module map does not give to Swift. Every function returns a
 * non-negative result or -errno, restarts nothing and allocates nothing. */
#ifndef CLINUX_H
#define CLINUX_H
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

/* The words of the command line. */
int clinux_argument_count(void);
const char *clinux_argument(int index);
/* secure_getenv(3): NULL in a program that has more rights than its caller. */
const char *clinux_secure_getenv(const char *name);
/* Writes `title` over them, as far as they reach, and zeros behind it: this is what /proc/PID/cmdline shows. */
void clinux_set_title(const char *title);

int clinux_open(const char *path, int flags, mode_t mode);
int clinux_openat(int dirfd, const char *path, int flags, mode_t mode);
/* openat2(2): `resolve` is a set of CLINUX_RESOLVE_*. */
int clinux_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_send_signal(int pidfd, int signal);
int clinux_flock(int fd, int operation);
/* flock(2) with an end: -EWOULDBLOCK after `milliseconds` (1 to 999). SIGALRM is used for it, in this thread, and is
 * without effect on the process from then on. */
int clinux_flock_for(int fd, int operation, int milliseconds);
int clinux_pipe(int ends[2]);
int clinux_fcntl(int fd, int command, int argument);
/* The size of the value. */
int clinux_fgetxattr(int fd, const char *name, void *value, size_t size);
int clinux_fsetxattr(int fd, const char *name, const void *value, size_t size);
/* The names of its extended attributes, each with a zero behind it: how many bytes they are, or -errno. */
int clinux_flistxattr(int fd, char *names, size_t size);
enum {
    /* That a program has from its file. */
    CLINUX_COPY_CAPABILITIES = 1,
    /* All that are not overlayfs' own. */
    CLINUX_COPY_OTHERS = 2,
};
/* Copies user attributes and those of `kinds`. */
int clinux_copy_attributes(int from, int to, int kinds);
/* The magic number of the file system that `fd` lies on (statfs(2)). */
int64_t clinux_file_system_kind(int fd);
/* Gives a file of O_TMPFILE a name. */
int clinux_link_unnamed(int fd, int directory, const char *name);
/* Of what was opened with O_PATH, whatever has its name by now. */
int clinux_set_mode(int fd, mode_t mode);
int clinux_close_range(unsigned first, unsigned last);

/* A detached copy of what is mounted at `path` (open_tree(2) with OPEN_TREE_CLONE), with all below it if `recursive`. An empty
 * path is `dirfd` itself. */
int clinux_open_tree(int dirfd, const char *path, int recursive);
/* Loads a program of `count` instructions of BPF_PROG_TYPE_CGROUP_DEVICE and attaches it to a cgroup v2 directory, with which
 * it goes. */
int clinux_attach_device_program(int cgroup, const uint64_t *instructions, size_t count);

/* Sets MOUNT_ATTR_* on a detached mount and all below it, and their propagation, one of CLINUX_MOUNT_* or 0, which leaves it as it is
 * (mount_namespaces(7)). */
int clinux_mount_set(int fd, uint64_t set, uint64_t propagation);

/* Copies the next up to `limit` bytes of data of a file of `size` bytes, from *position on, which is `size` when all is there.
 * Holes stay holes. */
int clinux_copy_next(int from, int to, int64_t *position, int64_t limit, int64_t size);
/* Moves an entry from one directory to another one of the file system; -EEXIST when there is one of that name. */
int clinux_rename_new(int from, const char *name, int to);

/* Blocks `signals` (at most 64 numbers) in this thread and gives a signalfd for them. */
int clinux_signalfd(const int *signals, size_t count);
/* Next signal of a signalfd: its number, 0 when there is none now. */
int clinux_signalfd_read(int fd);
/* One of `signals` that was sent to this process while it had them blocked, which is then done with; 0 when there is none. */
int clinux_take_signal(const int *signals, size_t count);
/* 1 when the process ignores `signal`. */
int clinux_ignores_signal(int signal);
/* Bytes that can be read from a pipe, by either end of it. */
int clinux_bytes_in_pipe(int fd);
/* What is there now, without ever waiting; -EAGAIN when there is nothing. */
int clinux_receive(int socket, void *buffer, size_t size);
int clinux_send(int socket, const void *buffer, size_t size);
/* tee(2) without waiting: what pipe `from` begins with is in pipe `to` as well. 0 at the end, -EAGAIN when there is nothing. */
int clinux_tee(int from, int to, size_t size);
/* Takes up to `size` bytes off a pipe without waiting. `sink` is open on the null device. */
int clinux_discard(int pipe, int sink, size_t size);
/* Makes a pipe as small as it can be: one buffer. */
int clinux_shrink_pipe(int fd);

/* Two connected sockets. */
int clinux_socket_pair(int ends[2]);

struct clinux_network {
    int former, own; /* network namespaces */
    int route;       /* an rtnetlink socket of the new one */
};
/* Moves this thread into a new network namespace. When it returns 0, all descriptors are the caller's. */
int clinux_enter_network(struct clinux_network *network);
/* Moves it into an existing one, and fills in `former` alone. */
int clinux_visit_network(int target, struct clinux_network *network);
/* Moves it back and closes `former`. */
void clinux_leave_network(const struct clinux_network *network);

/* Whether a file is a network namespace (ioctl_ns(2)). */
int clinux_is_network(int file);

/* Moves this process into the mount namespace of another one, by its pidfd. For a process that does nothing else. */
int clinux_enter_mounts(int pidfd);
/* Moves this process into a mount namespace of its own, where a file system in memory covers `directory`: nobody outside sees
 * what is put there, and it goes with the namespace. */
int clinux_cover(const char *directory);
/* A detached clone of what is mounted at `path`, with all below it; symbolic links are refused. */
int clinux_clone_mount(const char *path);

int clinux_terminal_size(int fd, uint16_t *rows, uint16_t *columns);
int clinux_set_terminal_size(int fd, uint16_t rows, uint16_t columns);
/* fork(2). Only for a program without threads: the child goes on as a full copy. */
pid_t clinux_fork(void);
/* The same into a pid namespace of its own. */
pid_t clinux_fork_contained(void);
/* execve(2) of the program that runs, with the environment that it has. `words` ends with NULL. */
int clinux_begin_anew(char *const words[]);
/* What `ps -o comm` and pgrep(1) call the process: at most 15 bytes (PR_GET_NAME of prctl(2)). */
void clinux_name(char name[16]);
void clinux_set_name(const char *name);
/* Has the kernel kill the calling process when `parent` has ended; -ESRCH when it has already. */
int clinux_die_with(pid_t parent);
/* Has SIGALRM end the calling process after some seconds. */
void clinux_die_after(unsigned seconds);
/* 1 or 0 as wait status says, with the exit code or signal number in *value. */
int clinux_exited(int status, int *value);

/* A socket of a protocol (IPPROTO_TCP, _UDP or _SCTP) at an address of 4 or 16 bytes, for packets of `device` alone when it is
 * not empty; all but UDP listen, and none ever waits. One of IPv6 takes nothing of IPv4. -EPROTONOSUPPORT where the kernel has no such
 * protocol. */
int clinux_reserve_port(const uint8_t *address, size_t size, uint16_t port, int protocol, const char *device);
/* The port that a bound socket has. */
int clinux_bound_port(int fd);
/* From now on only packets of `device` reach the socket. */
int clinux_bind_to_device(int fd, const char *device);

/* A TCP or UDP IPv4 socket (host byte order) that never waits, at a free port when `port` is 0. Where others have the port at
 * every address, and want to share it as this one does (SO_REUSEADDR, SO_REUSEPORT), both have it. TCP listens. */
int clinux_serve_port(uint32_t address, uint16_t port, int tcp);
/* Whom a datagram is from: a struct sockaddr_in or sockaddr_in6, with zeros behind it; behind one of IPv4 the address of this host
 * that it was sent to, in network byte order, where the socket is told that. An answer comes from there. */
struct clinux_peer {
    uint64_t name[4];
    uint32_t length, unused;
};
/* As many datagrams come or go with one call. */
enum { CLINUX_MAX_DATAGRAMS = 16 };
/* The datagrams of UDP that have come, at most `count`, each to `size` bytes of its own: how many, or -EAGAIN when there are none. */
int clinux_receive_from(int socket, void *bytes, size_t size, uint32_t *lengths, struct clinux_peer *peers, uint32_t count);
/* Sends datagrams that lie one behind the other: how many have gone before one that could not, or -errno of the first. */
int clinux_send_to(int socket, const void *bytes, const uint32_t *lengths, const struct clinux_peer *peers, uint32_t count);
/* The address, of 4 or 16 bytes, at either end of a connection, or of a datagram's sender: its size, 0 where there is none. */
int clinux_address_of_end(int socket, int is_peer, uint8_t address[16]);
int clinux_address_of_peer(const struct clinux_peer *peer, uint8_t address[16]);
/* Closing the connection will tell the other end that it is broken. */
int clinux_reset_on_close(int socket);
/* Of TCP: what is sent does not wait until the other end has told that it has what came before (Nagle). */
int clinux_send_at_once(int socket);

struct pollfd;
/* poll(2). What this process does not need meanwhile goes back to the kernel: free heap and
 * stack, and mapped code, which is read again from its file as it is used. */
int clinux_poll_idle(struct pollfd *requests, size_t count, int milliseconds);
/* Whether something can be read within so many nanoseconds. The process does not sleep until then, and lets others run. */
int clinux_poll_awake(int fd, long nanoseconds);

enum { CLINUX_MAX_PASSED = 16 };
/* A SOCK_SEQPACKET socket that listens at `path`, which must not exist; only its owner may connect. */
int clinux_listen_local(const char *path, int backlog);
/* A connection to one; -EAGAIN when too many others wait there. */
int clinux_connect_local(const char *path);
/* A socket that sends to `path`, SOCK_STREAM or SOCK_DGRAM. */
int clinux_connect_receiver(const char *path, int stream);
/* The same by TCP or UDP to an address of 4 or 16 bytes, which of IPv6 may be one of a link, by that one's number, else 0. A TCP
 * connection may not be there yet. */
int clinux_connect_internet(const uint8_t *address, size_t size, uint16_t port, uint32_t link, int stream);
/* SO_ERROR: what a connection that was not there yet has come to, as a negative errno or 0. */
int clinux_connection_error(int socket);
/* Memory with these bytes that nobody can change any more. */
int clinux_sealed_memory(const void *bytes, size_t size);
/* Whether that is what `fd` is. */
int clinux_is_sealed(int fd);
/* The next connection that waits; -EAGAIN when there is none. */
int clinux_accept(int socket);
/* The user who has connected (SO_PEERCRED). */
int64_t clinux_peer_uid(int socket);
/* One packet, or the bytes of one write, with up to CLINUX_MAX_PASSED descriptors, without ever waiting. */
int clinux_send_packet(int socket, const void *bytes, size_t size, const int *descriptors, size_t count);
/* One packet: its length, 0 at the end, -EAGAIN when there is none, -EMSGSIZE when it is longer than `size`. The caller owns
 * what is in `descriptors` (room for CLINUX_MAX_PASSED) in any case. */
int clinux_receive_packet(int socket, void *bytes, size_t size, int *descriptors, size_t *count);

enum {
    CLINUX_O_PATH = 010000000,
    CLINUX_O_TMPFILE = 020000000,
    CLINUX_SYS_RT_SIGTIMEDWAIT = SYS_rt_sigtimedwait,
    CLINUX_RESOLVE_NO_XDEV = 0x01,
    CLINUX_RESOLVE_NO_MAGICLINKS = 0x02,
    CLINUX_RESOLVE_NO_SYMLINKS = 0x04,
    CLINUX_RESOLVE_BENEATH = 0x08,
    CLINUX_RESOLVE_IN_ROOT = 0x10,
    CLINUX_MOUNT_ATTR_RDONLY = 0x01,
    CLINUX_MOUNT_ATTR_NOSUID = 0x02,
    CLINUX_MOUNT_ATTR_NODEV = 0x04,
    CLINUX_MOUNT_ATTR_NOEXEC = 0x08,
    CLINUX_MOUNT_PRIVATE = 1 << 18,
    CLINUX_MOUNT_SLAVE = 1 << 19,
};

/// Shows on standard error, once a second, how long `what` takes. At most one at a time.
void clinux_progress_begin(const char *what);
void clinux_progress_end(void);

#endif
