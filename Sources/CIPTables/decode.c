/* From the kernel's form to a rule: -ENOTSUP for whatever a rule cannot say. */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <netinet/in.h>

enum { ALL_STATES = 0x1cf };

static int get_device(const char *device, const unsigned char *mask, char *name) {
    size_t length = strnlen(device, CIPTABLES_DEVICE);
    size_t wanted = length ? length + 1 : 0;
    if (length >= CIPTABLES_DEVICE) return -ENOTSUP;
    for (size_t i = 0; i < CIPTABLES_DEVICE; i++)
        if (mask[i] != (i < wanted ? 0xff : 0)) return -ENOTSUP;
    memcpy(name, device, length);
    return 0;
}

/* -ENOTSUP when the mask is no prefix, or the address has bits behind it. */
static int get_address(const void *address, const void *mask, size_t size, uint8_t *bytes, uint8_t *prefix) {
    const uint8_t *mask_bytes = mask;
    memcpy(bytes, address, size);
    unsigned length = 0;
    while (length < size * 8 && mask_bytes[length / 8] & 0x80 >> length % 8) length++;
    for (size_t i = 0; i < size; i++) {
        unsigned own = length <= i * 8 ? 0 : length >= i * 8 + 8 ? 8 : length - (unsigned)i * 8;
        if (mask_bytes[i] != (uint8_t)(0xff00u >> own) || bytes[i] & ~mask_bytes[i]) return -ENOTSUP;
    }
    *prefix = (uint8_t)length;
    return 0;
}

/* What both families have, under the same names. */
#define GET_HEAD(ip, rule)                                                                                         \
    do {                                                                                                           \
        int result = get_address(&ip->src, &ip->smsk, sizeof ip->src, rule->source, &rule->source_prefix);         \
        if (result == 0)                                                                                           \
            result = get_address(                                                                                  \
                &ip->dst, &ip->dmsk, sizeof ip->dst, rule->destination, &rule->destination_prefix);                \
        if (result == 0) result = get_device(ip->iniface, ip->iniface_mask, rule->input);                          \
        if (result == 0) result = get_device(ip->outiface, ip->outiface_mask, rule->output);                       \
        if (result == 0) result = get_inversions(ip->invflags, rule);                                              \
        if (result == 0) result = get_protocol(ip->proto, rule);                                                   \
        if (result < 0) return result;                                                                             \
    } while (0)

_Static_assert(IPT_INV_SRCIP == IP6T_INV_SRCIP && IPT_INV_DSTIP == IP6T_INV_DSTIP, "inverted addresses");
_Static_assert(IPT_INV_VIA_IN == IP6T_INV_VIA_IN && IPT_INV_VIA_OUT == IP6T_INV_VIA_OUT, "inverted devices");
static int get_inversions(uint8_t inversions, struct ciptables_rule *rule) {
    const uint8_t known = IPT_INV_SRCIP | IPT_INV_DSTIP | IPT_INV_VIA_IN | IPT_INV_VIA_OUT;
    if (inversions & ~known) return -ENOTSUP;
    if ((inversions & IPT_INV_VIA_IN && !rule->input[0]) || (inversions & IPT_INV_VIA_OUT && !rule->output[0]))
        return -ENOTSUP;
    if (inversions & IPT_INV_SRCIP) rule->flags |= CIPTABLES_NOT_SOURCE;
    if (inversions & IPT_INV_DSTIP) rule->flags |= CIPTABLES_NOT_DESTINATION;
    if (inversions & IPT_INV_VIA_IN) rule->flags |= CIPTABLES_NOT_INPUT;
    if (inversions & IPT_INV_VIA_OUT) rule->flags |= CIPTABLES_NOT_OUTPUT;
    return 0;
}

static int get_protocol(unsigned protocol, struct ciptables_rule *rule) {
    const unsigned icmp = rule->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    if (protocol != 0 && protocol != IPPROTO_TCP && protocol != IPPROTO_UDP && protocol != IPPROTO_SCTP &&
        protocol != icmp)
        return -ENOTSUP;
    rule->protocol = (uint8_t)protocol;
    return 0;
}

static int get_head_ipv4(const struct ipt_ip *ip, struct ciptables_rule *rule) {
    if (ip->flags) return -ENOTSUP;
    GET_HEAD(ip, rule);
    return 0;
}

static int get_head_ipv6(const struct ip6t_ip6 *ip, struct ciptables_rule *rule) {
    if (ip->flags != (ip->proto ? IP6T_F_PROTO : 0) || ip->tos) return -ENOTSUP;
    GET_HEAD(ip, rule);
    return 0;
}

/* The data of a match or target, when it has the revision that is used here and is long enough. */
static const void *data_of(int ipv6, const void *entry, const char *name, size_t size) {
    const struct xt_entry_match *head = entry;
    if (strcmp(head->u.user.name, name) != 0 || head->u.user.revision != ciptables_revision(ipv6, name)) return NULL;
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
    if ((data = data_of(rule->ipv6, match, "tcp", sizeof(struct xt_tcp)))) {
        const struct xt_tcp *tcp = data;
        return get_ports(rule, tcp->spts, tcp->dpts, tcp->option || tcp->flg_mask || tcp->invflags);
    }
    if ((data = data_of(rule->ipv6, match, "udp", sizeof(struct xt_udp)))) {
        const struct xt_udp *udp = data;
        return get_ports(rule, udp->spts, udp->dpts, udp->invflags);
    }
    if ((data = data_of(rule->ipv6, match, "sctp", sizeof(struct xt_sctp_info)))) {
        const struct xt_sctp_info *sctp = data;
        return get_ports(rule, all_ports, sctp->dpts, sctp->flags != XT_SCTP_DEST_PORTS || sctp->invflags);
    }
    if ((data = data_of(rule->ipv6, match, "comment", sizeof(struct xt_comment_info)))) return get_comment(rule, data);
    if ((data = data_of(rule->ipv6, match, "conntrack", sizeof(struct xt_conntrack_mtinfo3)))) return get_states(rule, data);
    if (!(data = data_of(rule->ipv6, match, "addrtype", sizeof(struct xt_addrtype_info_v1)))) return -ENOTSUP;
    const struct xt_addrtype_info_v1 *type = data;
    if (rule->flags & CIPTABLES_LOCAL || type->source || type->flags || type->dest != XT_ADDRTYPE_LOCAL)
        return -ENOTSUP;
    rule->flags |= CIPTABLES_LOCAL;
    return 0;
}

/* The address that a range of one is; none where nothing is said. */
static int get_translation(
    struct ciptables_rule *rule, const union nf_inet_addr *first, const union nf_inet_addr *last, int is_wanted) {
    size_t size = rule->ipv6 ? sizeof first->ip6 : sizeof first->ip;
    if (!is_wanted) return 0;
    if (memcmp(first, last, size) != 0) return -ENOTSUP;
    memcpy(rule->to_address, first, size);
    return 0;
}

static int get_source_nat_ipv4(struct ciptables_rule *rule, const struct nf_nat_ipv4_multi_range_compat *nat) {
    const struct nf_nat_ipv4_range *range = &nat->range[0];
    unsigned wanted = rule->target == CIPTABLES_SNAT ? NF_NAT_RANGE_MAP_IPS : 0;
    if (nat->rangesize != 1 || range->flags != wanted) return -ENOTSUP;
    const union nf_inet_addr first = {.ip = range->min_ip}, last = {.ip = range->max_ip};
    return get_translation(rule, &first, &last, wanted != 0);
}

static int get_source_nat_ipv6(struct ciptables_rule *rule, const struct nf_nat_range *nat) {
    unsigned wanted = rule->target == CIPTABLES_SNAT ? NF_NAT_RANGE_MAP_IPS : 0;
    if (nat->flags != wanted) return -ENOTSUP;
    return get_translation(rule, &nat->min_addr, &nat->max_addr, wanted != 0);
}

static int get_destination_nat(struct ciptables_rule *rule, const struct nf_nat_range2 *nat) {
    const unsigned ports = NF_NAT_RANGE_PROTO_SPECIFIED, base = NF_NAT_RANGE_PROTO_OFFSET;
    unsigned rest = nat->flags & ~(NF_NAT_RANGE_MAP_IPS | ports | base);
    if (rest || !(nat->flags & NF_NAT_RANGE_MAP_IPS)) return -ENOTSUP;
    if ((nat->flags & base) && !(nat->flags & ports)) return -ENOTSUP;
    if (get_translation(rule, &nat->min_addr, &nat->max_addr, 1) < 0) return -ENOTSUP;
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
    if ((data = data_of(rule->ipv6, target, "DNAT", sizeof(struct nf_nat_range2)))) {
        rule->target = CIPTABLES_DNAT;
        return get_destination_nat(rule, data);
    }
    size_t size = rule->ipv6 ? sizeof(struct nf_nat_range) : sizeof(struct nf_nat_ipv4_multi_range_compat);
    if ((data = data_of(rule->ipv6, target, "SNAT", size))) rule->target = CIPTABLES_SNAT;
    else if ((data = data_of(rule->ipv6, target, "MASQUERADE", size))) rule->target = CIPTABLES_MASQUERADE;
    if (!data) return -ENOTSUP;
    return rule->ipv6 ? get_source_nat_ipv6(rule, data) : get_source_nat_ipv4(rule, data);
}

int ciptables_decode(int ipv6, const void *bytes, const char *target, struct ciptables_rule *rule) {
    const struct ipt_entry *entry = bytes;
    const struct ip6t_entry *entry6 = bytes;
    memset(rule, 0, sizeof *rule);
    rule->ipv6 = ipv6 != 0;
    size_t behind = ipv6 ? entry6->target_offset : entry->target_offset;
    int result = ipv6 ? get_head_ipv6(&entry6->ipv6, rule) : get_head_ipv4(&entry->ip, rule);
    for (size_t at = ciptables_head_size(ipv6); result == 0 && at < behind;) {
        const struct xt_entry_match *match = (const void *)((const char *)bytes + at);
        size_t size = match->u.match_size;
        int fits = size >= sizeof *match && size == XT_ALIGN(size) && size <= behind - at;
        result = fits ? get_match(rule, match) : -ENOTSUP;
        at += size;
    }
    if (result == 0) result = get_target(rule, (const void *)((const char *)bytes + behind), target);
    if (result < 0) memset(rule, 0, sizeof *rule);
    return result;
}
