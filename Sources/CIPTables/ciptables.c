#include "ciptables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libiptc/libiptc.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(
    sizeof(struct ciptables_rule) == 36 + 2 * CIPTABLES_DEVICE + CIPTABLES_CHAIN + CIPTABLES_COMMENT, "padding");
_Static_assert(CIPTABLES_DEVICE == IFNAMSIZ, "device");
_Static_assert(CIPTABLES_CHAIN >= XT_EXTENSION_MAXNAMELEN, "chain");
_Static_assert(CIPTABLES_INVALID == XT_CONNTRACK_STATE_INVALID, "INVALID");
_Static_assert(CIPTABLES_ESTABLISHED == XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED), "ESTABLISHED");
_Static_assert(CIPTABLES_RELATED == XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), "RELATED");
_Static_assert(CIPTABLES_NEW == XT_CONNTRACK_STATE_BIT(IP_CT_NEW), "NEW");
_Static_assert(CIPTABLES_STATE_SNAT == XT_CONNTRACK_STATE_SNAT, "SNAT");
_Static_assert(CIPTABLES_STATE_DNAT == XT_CONNTRACK_STATE_DNAT, "DNAT");
_Static_assert(CIPTABLES_UNTRACKED == XT_CONNTRACK_STATE_UNTRACKED, "UNTRACKED");

enum { ALL_STATES = 0x1cf, LARGEST_ENTRY = 1024 };

/* ---- the extensions used here, in the revision that iptables(8) picks on kernels from 5.12 on ---- */

static const struct { const char *name; int revision; } extensions[] = {
    {"tcp", 0},     {"udp", 0},        {"sctp", 0}, {"addrtype", 1}, {"conntrack", 3},
    {"comment", 0}, {"MASQUERADE", 0}, {"SNAT", 0}, {"DNAT", 2},
};

int ciptables_revision(const char *name) {
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (strcmp(extensions[i].name, name) == 0) return extensions[i].revision;
    return -1;
}

int ciptables_supports(const char *name, int is_target) {
    int revision = ciptables_revision(name);
    if (revision < 0) return 0;
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0) return -errno;
    struct xt_get_revision request = {.revision = (uint8_t)revision};
    strncpy(request.name, name, sizeof request.name - 1);
    socklen_t size = sizeof request;
    int option = is_target ? IPT_SO_GET_REVISION_TARGET : IPT_SO_GET_REVISION_MATCH;
    int result = getsockopt(fd, IPPROTO_IP, option, &request, &size) == 0 ? 1 : errno == EPERM ? -EPERM : 0;
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

/* ---- from a rule to the kernel's form ---- */

struct layout {
    _Alignas(struct ipt_entry) unsigned char bytes[LARGEST_ENTRY];
    size_t size;
};

/* xt_entry_match and xt_entry_target begin alike; returns the place of the data behind the head. */
_Static_assert(sizeof(struct xt_entry_match) == sizeof(struct xt_entry_target), "heads");
static void *add(struct layout *layout, const char *name, size_t data) {
    size_t size = XT_ALIGN(sizeof(struct xt_entry_match)) + XT_ALIGN(data);
    if (size > sizeof layout->bytes - layout->size) return NULL;
    struct xt_entry_match *head = (void *)(layout->bytes + layout->size);
    layout->size += size;
    head->u.match_size = (uint16_t)size;
    strncpy(head->u.user.name, name, sizeof head->u.user.name - 1);
    int revision = ciptables_revision(name);
    head->u.user.revision = revision > 0 ? (uint8_t)revision : 0;
    return head->data;
}

static int valid_text(const char *text, size_t capacity) {
    return memchr(text, 0, capacity) != NULL;
}

static int put_device(const char *name, char *device, unsigned char *mask) {
    size_t length = strnlen(name, CIPTABLES_DEVICE);
    /* A "+" at the end would read back as a wildcard. */
    if (length >= CIPTABLES_DEVICE || (length && name[length - 1] == '+')) return -EINVAL;
    memcpy(device, name, length);
    if (length) memset(mask, 0xff, length + 1);
    return 0;
}

static int put_head(struct layout *layout, const struct ciptables_rule *rule) {
    struct ipt_ip *ip = &((struct ipt_entry *)(void *)layout->bytes)->ip;
    ip->src.s_addr = htonl(rule->source & rule->source_mask);
    ip->smsk.s_addr = htonl(rule->source_mask);
    ip->dst.s_addr = htonl(rule->destination & rule->destination_mask);
    ip->dmsk.s_addr = htonl(rule->destination_mask);
    ip->proto = rule->protocol;
    if (rule->flags & CIPTABLES_NOT_SOURCE) ip->invflags |= IPT_INV_SRCIP;
    if (rule->flags & CIPTABLES_NOT_DESTINATION) ip->invflags |= IPT_INV_DSTIP;
    if (rule->flags & CIPTABLES_NOT_INPUT) ip->invflags |= IPT_INV_VIA_IN;
    if (rule->flags & CIPTABLES_NOT_OUTPUT) ip->invflags |= IPT_INV_VIA_OUT;
    int result = put_device(rule->input, ip->iniface, ip->iniface_mask);
    return result < 0 ? result : put_device(rule->output, ip->outiface, ip->outiface_mask);
}

static int put_ports(struct layout *layout, const struct ciptables_rule *rule) {
    if (!(rule->flags & CIPTABLES_PORTS)) return 0;
    if (rule->protocol == IPPROTO_TCP) {
        struct xt_tcp *tcp = add(layout, "tcp", sizeof *tcp);
        if (!tcp) return -ENOSPC;
        *tcp = (struct xt_tcp){.spts = {0, 65535}, .dpts = {rule->port_first, rule->port_last}};
        return 0;
    }
    if (rule->protocol == IPPROTO_SCTP) {
        struct xt_sctp_info *sctp = add(layout, "sctp", sizeof *sctp);
        if (!sctp) return -ENOSPC;
        *sctp = (struct xt_sctp_info){.dpts = {rule->port_first, rule->port_last}, .flags = XT_SCTP_DEST_PORTS};
        /* As iptables(8) fills in what is not used, which it compares all the same. */
        for (int i = 0; i < XT_NUM_SCTP_FLAGS; i++) sctp->flag_info[i].chunktype = 0xff;
        return 0;
    }
    if (rule->protocol != IPPROTO_UDP) return -EINVAL;
    struct xt_udp *udp = add(layout, "udp", sizeof *udp);
    if (!udp) return -ENOSPC;
    *udp = (struct xt_udp){.spts = {0, 65535}, .dpts = {rule->port_first, rule->port_last}};
    return 0;
}

static int put_matches(struct layout *layout, const struct ciptables_rule *rule) {
    if (rule->flags & CIPTABLES_LOCAL) {
        struct xt_addrtype_info_v1 *type = add(layout, "addrtype", sizeof *type);
        if (!type) return -ENOSPC;
        type->dest = XT_ADDRTYPE_LOCAL;
    }
    if (rule->states) {
        struct xt_conntrack_mtinfo3 *conntrack = add(layout, "conntrack", sizeof *conntrack);
        if (!conntrack) return -ENOSPC;
        conntrack->match_flags = XT_CONNTRACK_STATE;
        conntrack->invert_flags = rule->flags & CIPTABLES_NOT_STATES ? XT_CONNTRACK_STATE : 0;
        conntrack->state_mask = rule->states;
    }
    if (rule->comment[0]) {
        struct xt_comment_info *comment = add(layout, "comment", sizeof *comment);
        if (!comment) return -ENOSPC;
        memcpy(comment->comment, rule->comment, sizeof rule->comment);
    }
    return 0;
}

static int put_verdict(struct layout *layout, const char *name) {
    /* libip4tc turns the name into the kernel's number when the rule goes into a chain. */
    return add(layout, name, sizeof(struct xt_standard_target) - sizeof(struct xt_entry_target)) ? 0 : -ENOSPC;
}

static int put_source_nat(struct layout *layout, const char *name, const struct ciptables_rule *rule) {
    struct nf_nat_ipv4_multi_range_compat *nat = add(layout, name, sizeof *nat);
    if (!nat) return -ENOSPC;
    nat->rangesize = 1;
    if (rule->target == CIPTABLES_MASQUERADE) return 0;
    nat->range[0].flags = NF_NAT_RANGE_MAP_IPS;
    nat->range[0].min_ip = nat->range[0].max_ip = htonl(rule->to_address);
    return 0;
}

static int put_destination_nat(struct layout *layout, const struct ciptables_rule *rule) {
    struct nf_nat_range2 *nat = add(layout, "DNAT", sizeof *nat);
    if (!nat) return -ENOSPC;
    nat->flags = NF_NAT_RANGE_MAP_IPS;
    nat->min_addr.ip = nat->max_addr.ip = htonl(rule->to_address);
    if (!(rule->flags & CIPTABLES_TO_PORTS)) return 0;
    nat->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
    nat->min_proto.all = htons(rule->to_first);
    nat->max_proto.all = htons(rule->to_last);
    if (!(rule->flags & CIPTABLES_TO_BASE)) return 0;
    nat->flags |= NF_NAT_RANGE_PROTO_OFFSET;
    nat->base_proto.all = htons(rule->to_base);
    return 0;
}

static int put_target(struct layout *layout, const struct ciptables_rule *rule) {
    switch (rule->target) {
    case CIPTABLES_ACCEPT: return put_verdict(layout, IPTC_LABEL_ACCEPT);
    case CIPTABLES_DROP: return put_verdict(layout, IPTC_LABEL_DROP);
    case CIPTABLES_RETURN: return put_verdict(layout, IPTC_LABEL_RETURN);
    case CIPTABLES_JUMP:
        if (!rule->jump[0] || strlen(rule->jump) >= XT_EXTENSION_MAXNAMELEN) return -EINVAL;
        return put_verdict(layout, rule->jump);
    case CIPTABLES_MASQUERADE: return put_source_nat(layout, "MASQUERADE", rule);
    case CIPTABLES_SNAT: return put_source_nat(layout, "SNAT", rule);
    case CIPTABLES_DNAT: return put_destination_nat(layout, rule);
    default: return -EINVAL;
    }
}

static int lay_out(struct layout *layout, const struct ciptables_rule *rule) {
    if (!valid_text(rule->jump, sizeof rule->jump) || !valid_text(rule->comment, sizeof rule->comment)) return -EINVAL;
    memset(layout, 0, sizeof *layout);
    layout->size = sizeof(struct ipt_entry);
    int result = put_head(layout, rule);
    if (result == 0) result = put_ports(layout, rule);
    if (result == 0) result = put_matches(layout, rule);
    if (result < 0) return result;
    struct ipt_entry *entry = (void *)layout->bytes;
    entry->target_offset = (uint16_t)layout->size;
    result = put_target(layout, rule);
    entry->next_offset = (uint16_t)layout->size;
    return result;
}

int ciptables_encode(const struct ciptables_rule *rule, void *buffer, int capacity) {
    struct layout layout;
    int result = lay_out(&layout, rule);
    if (result < 0) return result;
    if (capacity < 0 || layout.size > (size_t)capacity) return -ENOSPC;
    memcpy(buffer, layout.bytes, layout.size);
    return (int)layout.size;
}

/* ---- from the kernel's form to a rule: -ENOTSUP for whatever a rule cannot say ---- */

static int get_device(const char *device, const unsigned char *mask, char *name) {
    size_t length = strnlen(device, CIPTABLES_DEVICE);
    size_t wanted = length ? length + 1 : 0;
    if (length >= CIPTABLES_DEVICE) return -ENOTSUP;
    for (size_t i = 0; i < CIPTABLES_DEVICE; i++)
        if (mask[i] != (i < wanted ? 0xff : 0)) return -ENOTSUP;
    memcpy(name, device, length);
    return 0;
}

static int is_prefix(uint32_t mask) { return (~mask & (~mask + 1)) == 0; }

static int get_head(const struct ipt_ip *ip, struct ciptables_rule *rule) {
    const uint8_t known = IPT_INV_SRCIP | IPT_INV_DSTIP | IPT_INV_VIA_IN | IPT_INV_VIA_OUT;
    if (ip->flags || (ip->invflags & ~known)) return -ENOTSUP;
    if ((ip->invflags & IPT_INV_VIA_IN && !ip->iniface[0]) || (ip->invflags & IPT_INV_VIA_OUT && !ip->outiface[0]))
        return -ENOTSUP;
    rule->source = ntohl(ip->src.s_addr);
    rule->source_mask = ntohl(ip->smsk.s_addr);
    rule->destination = ntohl(ip->dst.s_addr);
    rule->destination_mask = ntohl(ip->dmsk.s_addr);
    if (!is_prefix(rule->source_mask) || !is_prefix(rule->destination_mask)) return -ENOTSUP;
    if ((rule->source & ~rule->source_mask) || (rule->destination & ~rule->destination_mask)) return -ENOTSUP;
    if (ip->proto != 0 && ip->proto != IPPROTO_TCP && ip->proto != IPPROTO_UDP && ip->proto != IPPROTO_SCTP) return -ENOTSUP;
    rule->protocol = (uint8_t)ip->proto;
    if (ip->invflags & IPT_INV_SRCIP) rule->flags |= CIPTABLES_NOT_SOURCE;
    if (ip->invflags & IPT_INV_DSTIP) rule->flags |= CIPTABLES_NOT_DESTINATION;
    if (ip->invflags & IPT_INV_VIA_IN) rule->flags |= CIPTABLES_NOT_INPUT;
    if (ip->invflags & IPT_INV_VIA_OUT) rule->flags |= CIPTABLES_NOT_OUTPUT;
    int result = get_device(ip->iniface, ip->iniface_mask, rule->input);
    return result < 0 ? result : get_device(ip->outiface, ip->outiface_mask, rule->output);
}

/* The data of a match or target, when it has the revision that is used here and is long enough. */
static const void *data_of(const void *entry, const char *name, size_t size) {
    const struct xt_entry_match *head = entry;
    if (strcmp(head->u.user.name, name) != 0 || head->u.user.revision != ciptables_revision(name)) return NULL;
    return head->u.match_size >= XT_ALIGN(sizeof *head) + XT_ALIGN(size) ? head->data : NULL;
}

static int get_ports(struct ciptables_rule *rule, const uint16_t *source, const uint16_t *destination, int others) {
    int any = destination[0] == 0 && destination[1] == 65535;
    if (rule->flags & CIPTABLES_PORTS || others || any || source[0] != 0 || source[1] != 65535) return -ENOTSUP;
    if (destination[0] > destination[1]) return -ENOTSUP;
    rule->flags |= CIPTABLES_PORTS;
    rule->port_first = destination[0];
    rule->port_last = destination[1];
    return 0;
}

static const uint16_t all_ports[] = {0, 65535};

static int get_states(struct ciptables_rule *rule, const struct xt_conntrack_mtinfo3 *conntrack) {
    int known = conntrack->match_flags == XT_CONNTRACK_STATE && !(conntrack->invert_flags & ~XT_CONNTRACK_STATE);
    if (!known || rule->states || !conntrack->state_mask || (conntrack->state_mask & ~ALL_STATES)) return -ENOTSUP;
    rule->states = conntrack->state_mask;
    if (conntrack->invert_flags) rule->flags |= CIPTABLES_NOT_STATES;
    return 0;
}

static int get_comment(struct ciptables_rule *rule, const struct xt_comment_info *comment) {
    size_t length = strnlen(comment->comment, sizeof comment->comment);
    if (rule->comment[0] || length == 0 || length >= sizeof rule->comment) return -ENOTSUP;
    memcpy(rule->comment, comment->comment, length);
    return 0;
}

static int get_match(struct ciptables_rule *rule, const struct xt_entry_match *match) {
    const void *data;
    if ((data = data_of(match, "tcp", sizeof(struct xt_tcp)))) {
        const struct xt_tcp *tcp = data;
        return get_ports(rule, tcp->spts, tcp->dpts, tcp->option || tcp->flg_mask || tcp->invflags);
    }
    if ((data = data_of(match, "udp", sizeof(struct xt_udp)))) {
        const struct xt_udp *udp = data;
        return get_ports(rule, udp->spts, udp->dpts, udp->invflags);
    }
    if ((data = data_of(match, "sctp", sizeof(struct xt_sctp_info)))) {
        const struct xt_sctp_info *sctp = data;
        return get_ports(rule, all_ports, sctp->dpts, sctp->flags != XT_SCTP_DEST_PORTS || sctp->invflags);
    }
    if ((data = data_of(match, "comment", sizeof(struct xt_comment_info)))) return get_comment(rule, data);
    if ((data = data_of(match, "conntrack", sizeof(struct xt_conntrack_mtinfo3)))) return get_states(rule, data);
    if (!(data = data_of(match, "addrtype", sizeof(struct xt_addrtype_info_v1)))) return -ENOTSUP;
    const struct xt_addrtype_info_v1 *type = data;
    if (rule->flags & CIPTABLES_LOCAL || type->source || type->flags || type->dest != XT_ADDRTYPE_LOCAL)
        return -ENOTSUP;
    rule->flags |= CIPTABLES_LOCAL;
    return 0;
}

static int get_source_nat(struct ciptables_rule *rule, const struct nf_nat_ipv4_multi_range_compat *nat) {
    const struct nf_nat_ipv4_range *range = &nat->range[0];
    unsigned wanted = rule->target == CIPTABLES_SNAT ? NF_NAT_RANGE_MAP_IPS : 0;
    if (nat->rangesize != 1 || range->flags != wanted) return -ENOTSUP;
    if (wanted && range->min_ip != range->max_ip) return -ENOTSUP;
    rule->to_address = wanted ? ntohl(range->min_ip) : 0;
    return 0;
}

static int get_destination_nat(struct ciptables_rule *rule, const struct nf_nat_range2 *nat) {
    const unsigned ports = NF_NAT_RANGE_PROTO_SPECIFIED, base = NF_NAT_RANGE_PROTO_OFFSET;
    unsigned rest = nat->flags & ~(NF_NAT_RANGE_MAP_IPS | ports | base);
    if (rest || !(nat->flags & NF_NAT_RANGE_MAP_IPS) || nat->min_addr.ip != nat->max_addr.ip) return -ENOTSUP;
    if ((nat->flags & base) && !(nat->flags & ports)) return -ENOTSUP;
    rule->to_address = ntohl(nat->min_addr.ip);
    if (!(nat->flags & ports)) return 0;
    rule->flags |= CIPTABLES_TO_PORTS;
    rule->to_first = ntohs(nat->min_proto.all);
    rule->to_last = ntohs(nat->max_proto.all);
    if (rule->to_first > rule->to_last) return -ENOTSUP;
    if (!(nat->flags & base)) return 0;
    rule->flags |= CIPTABLES_TO_BASE;
    rule->to_base = ntohs(nat->base_proto.all);
    return 0;
}

static int get_verdict(struct ciptables_rule *rule, const char *name) {
    size_t length = strnlen(name, sizeof rule->jump);
    if (length == 0 || length >= sizeof rule->jump) return -ENOTSUP;
    if (strcmp(name, IPTC_LABEL_ACCEPT) == 0) rule->target = CIPTABLES_ACCEPT;
    else if (strcmp(name, IPTC_LABEL_DROP) == 0) rule->target = CIPTABLES_DROP;
    else if (strcmp(name, IPTC_LABEL_RETURN) == 0) rule->target = CIPTABLES_RETURN;
    else if (strcmp(name, IPTC_LABEL_QUEUE) == 0) return -ENOTSUP;
    else {
        rule->target = CIPTABLES_JUMP;
        memcpy(rule->jump, name, length);
    }
    return 0;
}

static int get_target(struct ciptables_rule *rule, const struct xt_entry_target *target, const char *name) {
    /* In a snapshot a verdict or jump has no name of its own, or XT_STANDARD_TARGET's, which is empty too. */
    if (target->u.user.name[0] == 0) return get_verdict(rule, name);
    const void *data = NULL;
    if ((data = data_of(target, "DNAT", sizeof(struct nf_nat_range2)))) {
        rule->target = CIPTABLES_DNAT;
        return get_destination_nat(rule, data);
    }
    if ((data = data_of(target, "SNAT", sizeof(struct nf_nat_ipv4_multi_range_compat)))) rule->target = CIPTABLES_SNAT;
    else if ((data = data_of(target, "MASQUERADE", sizeof(struct nf_nat_ipv4_multi_range_compat))))
        rule->target = CIPTABLES_MASQUERADE;
    return data ? get_source_nat(rule, data) : -ENOTSUP;
}

int ciptables_decode(const void *bytes, const char *target, struct ciptables_rule *rule) {
    const struct ipt_entry *entry = bytes;
    memset(rule, 0, sizeof *rule);
    int result = get_head(&entry->ip, rule);
    for (size_t at = sizeof *entry; result == 0 && at < entry->target_offset;) {
        const struct xt_entry_match *match = (const void *)((const char *)bytes + at);
        size_t size = match->u.match_size;
        int fits = size >= sizeof *match && size == XT_ALIGN(size) && size <= entry->target_offset - at;
        result = fits ? get_match(rule, match) : -ENOTSUP;
        at += size;
    }
    if (result == 0) result = get_target(rule, (const void *)((const char *)bytes + entry->target_offset), target);
    if (result < 0) memset(rule, 0, sizeof *rule);
    return result;
}
