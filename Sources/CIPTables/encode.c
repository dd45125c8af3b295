/* From a rule to the kernel's form. */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <netinet/in.h>

_Static_assert(
    sizeof(struct ciptables_rule) == 3 * CIPTABLES_ADDRESS + 20 + 2 * CIPTABLES_DEVICE + CIPTABLES_CHAIN + CIPTABLES_COMMENT, "padding");
_Static_assert(CIPTABLES_DEVICE == IFNAMSIZ, "device");
_Static_assert(CIPTABLES_CHAIN >= XT_EXTENSION_MAXNAMELEN, "chain");
_Static_assert(CIPTABLES_INVALID == XT_CONNTRACK_STATE_INVALID, "INVALID");
_Static_assert(CIPTABLES_ESTABLISHED == XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED), "ESTABLISHED");
_Static_assert(CIPTABLES_RELATED == XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), "RELATED");
_Static_assert(CIPTABLES_NEW == XT_CONNTRACK_STATE_BIT(IP_CT_NEW), "NEW");
_Static_assert(CIPTABLES_STATE_SNAT == XT_CONNTRACK_STATE_SNAT, "SNAT");
_Static_assert(CIPTABLES_STATE_DNAT == XT_CONNTRACK_STATE_DNAT, "DNAT");
_Static_assert(CIPTABLES_UNTRACKED == XT_CONNTRACK_STATE_UNTRACKED, "UNTRACKED");


enum { LARGEST_ENTRY = 1024 };

struct layout {
    _Alignas(struct ip6t_entry) unsigned char bytes[LARGEST_ENTRY];
    size_t size;
    int ipv6;
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
    int revision = ciptables_revision(layout->ipv6, name);
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

static void put_address(const uint8_t *address, unsigned prefix, size_t size, void *bytes, void *mask) {
    uint8_t *address_bytes = bytes, *mask_bytes = mask;
    for (size_t i = 0; i < size; i++, prefix -= prefix < 8 ? prefix : 8) {
        mask_bytes[i] = prefix < 8 ? (uint8_t)(0xff00u >> prefix) : 0xff;
        address_bytes[i] = address[i] & mask_bytes[i];
    }
}

static int put_head_ipv4(struct layout *layout, const struct ciptables_rule *rule) {
    struct ipt_ip *ip = &((struct ipt_entry *)(void *)layout->bytes)->ip;
    put_address(rule->source, rule->source_prefix, sizeof ip->src, &ip->src, &ip->smsk);
    put_address(rule->destination, rule->destination_prefix, sizeof ip->dst, &ip->dst, &ip->dmsk);
    ip->proto = rule->protocol;
    if (rule->flags & CIPTABLES_NOT_SOURCE) ip->invflags |= IPT_INV_SRCIP;
    if (rule->flags & CIPTABLES_NOT_DESTINATION) ip->invflags |= IPT_INV_DSTIP;
    if (rule->flags & CIPTABLES_NOT_INPUT) ip->invflags |= IPT_INV_VIA_IN;
    if (rule->flags & CIPTABLES_NOT_OUTPUT) ip->invflags |= IPT_INV_VIA_OUT;
    int result = put_device(rule->input, ip->iniface, ip->iniface_mask);
    return result < 0 ? result : put_device(rule->output, ip->outiface, ip->outiface_mask);
}

static int put_head_ipv6(struct layout *layout, const struct ciptables_rule *rule) {
    struct ip6t_ip6 *ip = &((struct ip6t_entry *)(void *)layout->bytes)->ipv6;
    put_address(rule->source, rule->source_prefix, sizeof ip->src, &ip->src, &ip->smsk);
    put_address(rule->destination, rule->destination_prefix, sizeof ip->dst, &ip->dst, &ip->dmsk);
    ip->proto = rule->protocol;
    if (rule->protocol) ip->flags = IP6T_F_PROTO;
    if (rule->flags & CIPTABLES_NOT_SOURCE) ip->invflags |= IP6T_INV_SRCIP;
    if (rule->flags & CIPTABLES_NOT_DESTINATION) ip->invflags |= IP6T_INV_DSTIP;
    if (rule->flags & CIPTABLES_NOT_INPUT) ip->invflags |= IP6T_INV_VIA_IN;
    if (rule->flags & CIPTABLES_NOT_OUTPUT) ip->invflags |= IP6T_INV_VIA_OUT;
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
    /* The library turns the name into the kernel's number when the rule goes into a chain. */
    return add(layout, name, sizeof(struct xt_standard_target) - sizeof(struct xt_entry_target)) ? 0 : -ENOSPC;
}

static void put_translation(const struct ciptables_rule *rule, union nf_inet_addr *first, union nf_inet_addr *last) {
    memcpy(first, rule->to_address, rule->ipv6 ? sizeof first->ip6 : sizeof first->ip);
    *last = *first;
}

static int put_source_nat_ipv4(struct layout *layout, const char *name, const struct ciptables_rule *rule) {
    struct nf_nat_ipv4_multi_range_compat *nat = add(layout, name, sizeof *nat);
    if (!nat) return -ENOSPC;
    nat->rangesize = 1;
    if (rule->target == CIPTABLES_MASQUERADE) return 0;
    nat->range[0].flags = NF_NAT_RANGE_MAP_IPS;
    memcpy(&nat->range[0].min_ip, rule->to_address, sizeof nat->range[0].min_ip);
    nat->range[0].max_ip = nat->range[0].min_ip;
    return 0;
}

static int put_source_nat(struct layout *layout, const char *name, const struct ciptables_rule *rule) {
    if (!layout->ipv6) return put_source_nat_ipv4(layout, name, rule);
    struct nf_nat_range *nat = add(layout, name, sizeof *nat);
    if (!nat) return -ENOSPC;
    if (rule->target == CIPTABLES_MASQUERADE) return 0;
    nat->flags = NF_NAT_RANGE_MAP_IPS;
    put_translation(rule, &nat->min_addr, &nat->max_addr);
    return 0;
}

static int put_destination_nat(struct layout *layout, const struct ciptables_rule *rule) {
    struct nf_nat_range2 *nat = add(layout, "DNAT", sizeof *nat);
    if (!nat) return -ENOSPC;
    nat->flags = NF_NAT_RANGE_MAP_IPS;
    put_translation(rule, &nat->min_addr, &nat->max_addr);
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

static void set_offsets(struct layout *layout, size_t target) {
    if (layout->ipv6) {
        struct ip6t_entry *entry = (void *)layout->bytes;
        entry->target_offset = (uint16_t)target;
        entry->next_offset = (uint16_t)layout->size;
    } else {
        struct ipt_entry *entry = (void *)layout->bytes;
        entry->target_offset = (uint16_t)target;
        entry->next_offset = (uint16_t)layout->size;
    }
}

static int lay_out(struct layout *layout, const struct ciptables_rule *rule) {
    unsigned bits = rule->ipv6 ? 128 : 32;
    if (rule->source_prefix > bits || rule->destination_prefix > bits) return -EINVAL;
    if (!valid_text(rule->jump, sizeof rule->jump) || !valid_text(rule->comment, sizeof rule->comment)) return -EINVAL;
    memset(layout, 0, sizeof *layout);
    layout->ipv6 = rule->ipv6;
    layout->size = ciptables_head_size(rule->ipv6);
    int result = rule->ipv6 ? put_head_ipv6(layout, rule) : put_head_ipv4(layout, rule);
    if (result == 0) result = put_ports(layout, rule);
    if (result == 0) result = put_matches(layout, rule);
    if (result < 0) return result;
    size_t target = layout->size;
    result = put_target(layout, rule);
    set_offsets(layout, target);
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
