// floor: the least that a container engine has to ask of the kernel, in C, with nothing around it. What mydocker takes
// longer than this is mydocker's own. No image store, cgroups, seccomp, capabilities, logs or supervisor, and no record
// but the definition of a network, which has to outlive a loss of power.
//
//   floor hello
//   floor netadd BRIDGE ADDRESS/LENGTH STATEDIR
//   floor netdel BRIDGE STATEDIR
//   floor run [-d NAME] [-n BRIDGE ADDRESS/LENGTH GATEWAY] [-p HOSTPORT:PORT] ROOTFS STATEDIR command...
//   floor exec STATEDIR NAME command...
//   floor stop STATEDIR NAME...         also removes them
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

unsigned if_nametoindex(const char *name); // <net/if.h> and <linux/if.h> exclude each other

static void fail(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}
static long check(long result, const char *what) {
    if (result < 0) fail(what);
    return result;
}
static void write_file(const char *path, const char *text) {
    int fd = check(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), path);
    check(write(fd, text, strlen(text)), path);
    close(fd);
}

// ---- rtnetlink: a batch of requests in one buffer, sent at once, each acknowledged -----------------------------------

struct batch {
    _Alignas(8) char bytes[2048];
    unsigned length, requests;
    struct nlmsghdr *last;
};

static void *append(struct batch *b, const void *data, unsigned size) {
    char *place = b->bytes + b->length;
    if (data) memcpy(place, data, size);
    b->length += NLMSG_ALIGN(size);
    if (b->last) b->last->nlmsg_len = b->bytes + b->length - (char *)b->last;
    return place;
}
static void request(struct batch *b, int type, int flags, const void *header, unsigned size) {
    struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags};
    h.nlmsg_len = sizeof h;
    h.nlmsg_seq = ++b->requests;
    b->last = NULL;
    b->last = append(b, &h, sizeof h);
    append(b, header, size);
}
static struct rtattr *attribute(struct batch *b, int type, const void *data, unsigned size) {
    struct rtattr a = {.rta_type = type, .rta_len = RTA_LENGTH(size)}, *place = append(b, &a, sizeof a);
    if (size) append(b, data, size);
    return place;
}
static void string_attribute(struct batch *b, int type, const char *s) { attribute(b, type, s, strlen(s) + 1); }
static void nested_end(struct batch *b, struct rtattr *nest) { nest->rta_len = b->bytes + b->length - (char *)nest; }

static int send_batch(int s, struct batch *b) {
    char reply[8192];
    check(send(s, b->bytes, b->length, 0), "netlink send");
    for (unsigned answered = 0; answered < b->requests;) {
        int n = check(recv(s, reply, sizeof reply, 0), "netlink receive");
        for (struct nlmsghdr *h = (void *)reply; NLMSG_OK(h, (unsigned)n); h = NLMSG_NEXT(h, n)) {
            if (h->nlmsg_type != NLMSG_ERROR) continue;
            answered++;
            errno = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
            if (errno) return -1;
        }
    }
    return 0;
}
static int route_socket(void) { return check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink"); }

static void link_request(struct batch *b, int type, int flags, int index, bool up) {
    struct ifinfomsg i = {.ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = up ? IFF_UP : 0};
    request(b, type, flags, &i, sizeof i);
}
static void address_request(struct batch *b, int index, const char *cidr) {
    char text[64];
    struct in_addr ip;
    snprintf(text, sizeof text, "%s", cidr);
    char *slash = strchr(text, '/');
    errno = EINVAL;
    if (!slash) fail(cidr);
    *slash = 0;
    if (inet_pton(AF_INET, text, &ip) != 1) fail(cidr);
    struct ifaddrmsg a = {.ifa_family = AF_INET, .ifa_prefixlen = atoi(slash + 1), .ifa_index = index};
    request(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a, sizeof a);
    attribute(b, IFA_LOCAL, &ip, 4);
    attribute(b, IFA_ADDRESS, &ip, 4);
}

// One message: the host's end up and on the bridge, its peer born in the container's namespace.
static void make_veth(const char *bridge, pid_t container) {
    int master = if_nametoindex(bridge);
    char name[16];
    struct batch b = {0};
    snprintf(name, sizeof name, "fv%d", container);
    link_request(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, true);
    string_attribute(&b, IFLA_IFNAME, name);
    attribute(&b, IFLA_MASTER, &master, 4);
    struct rtattr *info = attribute(&b, IFLA_LINKINFO, NULL, 0);
    string_attribute(&b, IFLA_INFO_KIND, "veth");
    struct rtattr *data = attribute(&b, IFLA_INFO_DATA, NULL, 0), *peer = attribute(&b, VETH_INFO_PEER, NULL, 0);
    append(&b, &(struct ifinfomsg){0}, sizeof(struct ifinfomsg));
    string_attribute(&b, IFLA_IFNAME, "eth0");
    attribute(&b, IFLA_NET_NS_PID, &container, 4);
    nested_end(&b, peer);
    nested_end(&b, data);
    nested_end(&b, info);
    int s = route_socket();
    check(send_batch(s, &b), "veth");
    close(s);
}

// In the container: lo up, address, eth0 up, default route, in one send.
static void configure_inside(const char *cidr, const char *gateway) {
    struct batch b = {0};
    struct in_addr via;
    int s = route_socket(), index = if_nametoindex("eth0");
    link_request(&b, RTM_NEWLINK, 0, 1, true);
    address_request(&b, index, cidr);
    link_request(&b, RTM_NEWLINK, 0, index, true);
    struct rtmsg r = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT,
                      .rtm_type = RTN_UNICAST};
    request(&b, RTM_NEWROUTE, NLM_F_CREATE, &r, sizeof r);
    inet_pton(AF_INET, gateway, &via);
    attribute(&b, RTA_GATEWAY, &via, 4);
    check(send_batch(s, &b), "address and route");
    close(s);
}

// ---- a firewall table: read whole, written back whole with rules added or left out --------------------------------------

struct rule { // one entry as the kernel lays it out; the match is left out of rules that name no port
    _Alignas(8) struct ipt_entry entry;
    _Alignas(8) char rest[128];
};
struct change {
    struct rule *add[NF_INET_NUMHOOKS]; // appended to that hook's chain; followed by rules up to add_count
    int add_count[NF_INET_NUMHOOKS];
    uint16_t drop_port;       // leave out the DNAT rules of this port
    const char *drop_bridge;  // leave out the rules for traffic leaving by this interface
};

static struct rule make_rule(const char *target, int port, struct in_addr to, int to_port) {
    struct rule r = {0};
    char *next = r.rest;
    if (port) {
        struct xt_entry_match *match = (void *)next;
        struct xt_tcp *tcp = (void *)match->data;
        match->u.match_size = XT_ALIGN(sizeof *match + sizeof *tcp);
        strcpy(match->u.user.name, "tcp");
        tcp->spts[1] = 0xffff;
        tcp->dpts[0] = tcp->dpts[1] = port;
        r.entry.ip.proto = IPPROTO_TCP;
        next += match->u.match_size;
    }
    struct xt_entry_target *t = (void *)next;
    struct nf_nat_ipv4_multi_range_compat *range = (void *)t->data;
    t->u.target_size = XT_ALIGN(sizeof *t + sizeof *range);
    strcpy(t->u.user.name, target);
    range->rangesize = 1;
    if (port) {
        range->range[0].flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
        range->range[0].min_ip = range->range[0].max_ip = to.s_addr;
        range->range[0].min.all = range->range[0].max.all = htons(to_port);
    }
    r.entry.target_offset = next - (char *)&r;
    r.entry.next_offset = r.entry.target_offset + t->u.target_size;
    return r;
}

// What a network's rules in table filter are: an entry that accepts.
static struct rule accept_rule(void) {
    struct rule r = {0};
    struct xt_standard_target *t = (void *)r.rest;
    t->target.u.target_size = XT_ALIGN(sizeof *t);
    t->verdict = -NF_ACCEPT - 1;
    r.entry.target_offset = sizeof r.entry;
    r.entry.next_offset = r.entry.target_offset + t->target.u.target_size;
    return r;
}
static void by_interface(char *name, unsigned char *mask, const char *bridge) {
    strncpy(name, bridge, IFNAMSIZ - 1);
    memset(mask, 0xff, strlen(bridge) + 1);
}

static bool dropped(const struct ipt_entry *e, const struct change *c) {
    const struct xt_entry_target *t = (const void *)((const char *)e + e->target_offset);
    if (c->drop_bridge) return !strcmp(e->ip.outiface, c->drop_bridge) || !strcmp(e->ip.iniface, c->drop_bridge);
    if (!c->drop_port || strcmp(t->u.user.name, "DNAT") != 0) return false;
    return ((const struct xt_tcp *)((const struct xt_entry_match *)e->elems)->data)->dpts[0] == c->drop_port;
}

static void change_table(const char *table, const struct change *c) {
    int lock = check(open("/run/xtables.lock", O_RDONLY | O_CREAT | O_CLOEXEC, 0600), "/run/xtables.lock");
    check(flock(lock, LOCK_EX), "xtables lock");
    int s = check(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), "raw socket");
    struct ipt_getinfo info = {0};
    socklen_t size = sizeof info;
    strcpy(info.name, table);
    check(getsockopt(s, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size), table);
    struct ipt_get_entries *old = calloc(1, size = sizeof *old + info.size);
    strcpy(old->name, table);
    old->size = info.size;
    check(getsockopt(s, IPPROTO_IP, IPT_SO_GET_ENTRIES, old, &size), table);

    // An offset moves by what was put before it: `moved` is where what stood there stands now, rules added included.
    struct ipt_replace *new = calloc(1, sizeof *new + info.size + NF_INET_NUMHOOKS * 8 * sizeof(struct rule));
    unsigned *moved = calloc(info.size + 1, sizeof *moved), *policy = calloc(info.size + 1, sizeof *policy), out = 0;
    for (unsigned at = 0; at < info.size;) {
        struct ipt_entry *e = (void *)((char *)old->entrytable + at);
        moved[at] = out;
        for (int h = 0; h < NF_INET_NUMHOOKS; h++) {
            if (!(info.valid_hooks & 1u << h) || info.underflow[h] != at) continue;
            for (int i = 0; i < c->add_count[h]; i++, new->num_entries++) {
                memcpy((char *)new->entries + out, &c->add[h][i], c->add[h][i].entry.next_offset);
                out += c->add[h][i].entry.next_offset;
            }
        }
        policy[at] = out;
        if (!dropped(e, c)) {
            memcpy((char *)new->entries + out, e, e->next_offset);
            out += e->next_offset;
            new->num_entries++;
        }
        at += e->next_offset;
    }
    for (unsigned at = 0; at < out;) { // jumps hold offsets too
        struct ipt_entry *e = (void *)((char *)new->entries + at);
        struct xt_standard_target *t = (void *)((char *)e + e->target_offset);
        if (!t->target.u.user.name[0] && t->verdict >= 0) t->verdict = moved[t->verdict];
        at += e->next_offset;
    }
    for (int h = 0; h < NF_INET_NUMHOOKS; h++) {
        if (!(info.valid_hooks & 1u << h)) continue;
        new->hook_entry[h] = moved[info.hook_entry[h]];
        new->underflow[h] = policy[info.underflow[h]];
    }
    strcpy(new->name, table);
    new->valid_hooks = info.valid_hooks;
    new->size = out;
    new->num_counters = info.num_entries;
    new->counters = calloc(info.num_entries, sizeof *new->counters);
    check(setsockopt(s, IPPROTO_IP, IPT_SO_SET_REPLACE, new, sizeof *new + out), table);
    close(s);
    close(lock);
}

static void publish(int host_port, const char *cidr, int port) {
    struct in_addr to;
    char address[64];
    snprintf(address, sizeof address, "%.*s", (int)strcspn(cidr, "/"), cidr);
    inet_pton(AF_INET, address, &to);
    struct rule dnat = make_rule("DNAT", host_port, to, port);
    struct change c = {.add = {[NF_INET_PRE_ROUTING] = &dnat, [NF_INET_LOCAL_OUT] = &dnat},
                       .add_count = {[NF_INET_PRE_ROUTING] = 1, [NF_INET_LOCAL_OUT] = 1}};
    change_table("nat", &c);
}

// ---- networks --------------------------------------------------------------------------------------------------------

// The definition of a network is whole after a loss of power, or not there.
static void define(const char *state, const char *bridge, const char *cidr) {
    char path[256], temporary[260];
    snprintf(path, sizeof path, "%s/%s.network", state, bridge);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    int directory = check(open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), state);
    int fd = check(open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), temporary);
    check(write(fd, cidr, strlen(cidr)), temporary);
    check(fsync(fd), temporary);
    check(rename(temporary, path), path);
    check(fsync(directory), state);
}
static void forget(const char *state, const char *bridge) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s.network", state, bridge);
    check(unlink(path), path);
    check(fsync(check(open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), state)), state);
}

static int netadd(const char *bridge, const char *cidr, const char *state) {
    define(state, bridge, cidr);
    struct batch link = {0}, address = {0};
    int s = route_socket();
    link_request(&link, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, true);
    string_attribute(&link, IFLA_IFNAME, bridge);
    struct rtattr *info = attribute(&link, IFLA_LINKINFO, NULL, 0);
    string_attribute(&link, IFLA_INFO_KIND, "bridge");
    nested_end(&link, info);
    check(send_batch(s, &link), "bridge");
    address_request(&address, if_nametoindex(bridge), cidr);
    check(send_batch(s, &address), "bridge address");

    char path[128];
    write_file("/proc/sys/net/ipv4/ip_forward", "1");
    snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/route_localnet", bridge);
    write_file(path, "1");

    // What leaves the subnet by another interface, and what 127.0.0.1 sends to a published port.
    char text[64];
    struct in_addr none = {0}, subnet;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(cidr, "/"), cidr);
    inet_pton(AF_INET, text, &subnet);
    struct rule masquerade[2] = {make_rule("MASQUERADE", 0, none, 0), make_rule("MASQUERADE", 0, none, 0)};
    for (int i = 0; i < 2; i++) {
        struct ipt_ip *ip = &masquerade[i].entry.ip;
        ip->smsk.s_addr = i ? htonl(0xff000000) : htonl(~0u << (32 - atoi(strchr(cidr, '/') + 1)));
        ip->src.s_addr = (i ? htonl(INADDR_LOOPBACK) : subnet.s_addr) & ip->smsk.s_addr;
        ip->invflags = i ? 0 : IPT_INV_VIA_OUT;
        by_interface(ip->outiface, ip->outiface_mask, bridge);
    }
    struct change c = {.add[NF_INET_POST_ROUTING] = masquerade, .add_count[NF_INET_POST_ROUTING] = 2};
    change_table("nat", &c);

    // Replies, published ports, the bridge's own, whatever it sends; and nothing else to it.
    struct rule forward[5];
    for (int i = 0; i < 5; i++) {
        forward[i] = accept_rule();
        struct ipt_ip *ip = &forward[i].entry.ip;
        if (i % 2) by_interface(ip->iniface, ip->iniface_mask, bridge);
        else by_interface(ip->outiface, ip->outiface_mask, bridge);
    }
    change_table("filter",
                 &(struct change){.add[NF_INET_FORWARD] = forward, .add_count[NF_INET_FORWARD] = 5});
    return 0;
}

static int netdel(const char *bridge, const char *state) {
    forget(state, bridge);
    struct batch b = {0};
    link_request(&b, RTM_DELLINK, 0, check((int)if_nametoindex(bridge) ?: -1, bridge), false);
    check(send_batch(route_socket(), &b), "delete bridge");
    change_table("nat", &(struct change){.drop_bridge = bridge});
    change_table("filter", &(struct change){.drop_bridge = bridge});
    return 0;
}

// ---- containers ------------------------------------------------------------------------------------------------------

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)

static pid_t clone3(uint64_t flags, int *pidfd) {
    struct clone_args a = {.flags = flags | CLONE_PIDFD, .pidfd = (uintptr_t)pidfd, .exit_signal = SIGCHLD};
    return check(syscall(SYS_clone3, &a, sizeof a), "clone3");
}
static int reap(pid_t pid) {
    int status;
    check(waitpid(pid, &status, 0), "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *where) {
    (void)st, (void)kind, (void)where;
    return remove(path);
}
static void remove_tree(const char *path) { check(nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT), path); }

static void enter_rootfs(const char *rootfs, const char *dir) {
    char options[1024], target[512];
    snprintf(target, sizeof target, "%s/root", dir);
    // "volatile": otherwise the unmount syncs the whole file system that the upper layer is on.
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work,volatile", rootfs, dir, dir);
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
    check(mount("overlay", target, "overlay", 0, options), "overlay");
    check(chdir(target), target);
    check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    check(umount2(".", MNT_DETACH), "detach the old root");
    check(chdir("/"), "/");
    check(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
}

static int run(int argc, char **argv) {
    const char *name = NULL, *bridge = NULL, *cidr = NULL, *gateway = NULL;
    int host_port = 0, port = 0;
    for (; argc > 0 && argv[0][0] == '-'; argc--, argv++) {
        if (argv[0][1] == 'd' && argc > 1) {
            name = argv[1];
            argc--, argv++;
        } else if (argv[0][1] == 'n' && argc > 3) {
            bridge = argv[1], cidr = argv[2], gateway = argv[3];
            argc -= 3, argv += 3;
        } else if (argv[0][1] == 'p' && argc > 1 && sscanf(argv[1], "%d:%d", &host_port, &port) == 2) {
            argc--, argv++;
        } else {
            return 2;
        }
    }
    if (argc < 3 || (host_port && !bridge)) return 2;

    char dir[256], path[300];
    const char *directories[] = {"", "/upper", "/work", "/root"};
    if (name) snprintf(dir, sizeof dir, "%s/%s", argv[1], name);
    else snprintf(dir, sizeof dir, "%s/run-%d", argv[1], getpid());
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s%s", dir, directories[i]);
        check(mkdir(path, 0755), path);
    }

    int go = check(eventfd(0, EFD_CLOEXEC), "eventfd"), report[2], pidfd;
    uint64_t one = 1;
    check(pipe2(report, O_CLOEXEC), "pipe");
    pid_t container = clone3(NAMESPACES, &pidfd);
    if (container == 0) {
        if (!name) prctl(PR_SET_PDEATHSIG, SIGKILL);
        else setsid();
        enter_rootfs(argv[0], dir);
        if (bridge) {
            check(read(go, &one, sizeof one), "go");
            configure_inside(cidr, gateway);
        }
        if (name) {
            int null = check(open("/dev/null", O_RDWR | O_CREAT, 0666), "/dev/null"); // a plain file will do here
            for (int fd = 0; fd < 3; fd++) dup2(null, fd);
        }
        execvp(argv[2], argv + 2);
        if (write(report[1], &errno, sizeof errno) < 0) _exit(126);
        _exit(127);
    }
    close(report[1]);
    if (bridge) { // while the child mounts
        make_veth(bridge, container);
        check(write(go, &one, sizeof one), "go");
    }
    if (host_port) publish(host_port, cidr, port);
    if (name) {
        char record[64];
        snprintf(record, sizeof record, "%d %d\n", container, host_port);
        snprintf(path, sizeof path, "%s/record", dir);
        write_file(path, record);
    }
    if (read(report[0], &errno, sizeof errno) > 0) fail(argv[2]); // closed by a successful exec
    if (name) return 0;
    int status = reap(container);
    if (host_port) change_table("nat", &(struct change){.drop_port = host_port});
    remove_tree(dir);
    return status;
}

static pid_t read_record(const char *state, const char *name, int *host_port) {
    char path[300];
    int pid;
    snprintf(path, sizeof path, "%s/%s/record", state, name);
    FILE *f = fopen(path, "re");
    if (!f || fscanf(f, "%d %d", &pid, host_port) != 2) fail(path);
    fclose(f);
    return pid;
}

static int exec_in(const char *state, const char *name, char **command) {
    int host_port, own;
    int pidfd = check(syscall(SYS_pidfd_open, read_record(state, name, &host_port), 0), "pidfd_open");
    check(setns(pidfd, NAMESPACES), "setns");
    pid_t child = clone3(0, &own);
    if (child == 0) {
        execvp(command[0], command);
        fail(command[0]);
    }
    return reap(child);
}

static int stop(const char *state, char **names, int count) {
    struct pollfd *ends = calloc(count, sizeof *ends);
    int *ports = calloc(count, sizeof *ports);
    for (int i = 0; i < count; i++) { // all are told before any is waited for
        ends[i].events = POLLIN;
        ends[i].fd = check(syscall(SYS_pidfd_open, read_record(state, names[i], &ports[i]), 0), "pidfd_open");
        check(syscall(SYS_pidfd_send_signal, ends[i].fd, SIGKILL, NULL, 0), "kill");
    }
    for (int i = 0; i < count; i++) {
        char dir[256];
        check(poll(&ends[i], 1, -1), "poll");
        if (ports[i]) change_table("nat", &(struct change){.drop_port = ports[i]});
        snprintf(dir, sizeof dir, "%s/%s", state, names[i]);
        remove_tree(dir);
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    int status = 2;
    if (strcmp(command, "hello") == 0) status = puts("hello") < 0;
    else if (strcmp(command, "netadd") == 0 && argc == 5) status = netadd(argv[2], argv[3], argv[4]);
    else if (strcmp(command, "netdel") == 0 && argc == 4) status = netdel(argv[2], argv[3]);
    else if (strcmp(command, "run") == 0) status = run(argc - 2, argv + 2);
    else if (strcmp(command, "exec") == 0 && argc > 4) status = exec_in(argv[2], argv[3], argv + 4);
    else if (strcmp(command, "stop") == 0 && argc > 3) status = stop(argv[2], argv + 3, argc - 3);
    if (status == 2) fprintf(stderr, "floor: bad arguments; see the top of bench/floor.c\n");
    return status;
}
