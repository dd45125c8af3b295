#ifndef CIPTABLES_INTERNAL_H
#define CIPTABLES_INTERNAL_H
#include "ciptables.h"

#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>

/* Those functions of the two libraries that are used, without their prefixes. */
#define CIPTABLES_EACH_FUNCTION(USE) \
    USE(init) USE(free) USE(commit) USE(strerror) USE(first_chain) USE(next_chain) USE(is_chain) USE(create_chain) \
    USE(delete_chain) USE(get_policy) USE(get_references) USE(first_rule) USE(next_rule) USE(get_target) \
    USE(insert_entry) USE(delete_num_entry)

/* libip4tc and libip6tc. */
struct ip4tc {
#define DECLARE(name) __typeof__(iptc_##name) *name;
    CIPTABLES_EACH_FUNCTION(DECLARE)
#undef DECLARE
};
struct ip6tc {
#define DECLARE(name) __typeof__(ip6tc_##name) *name;
    CIPTABLES_EACH_FUNCTION(DECLARE)
#undef DECLARE
};
/* Loaded when they are first asked for; NULL where the library is not there. */
const struct ip4tc *ciptables_ip4tc(void);
const struct ip6tc *ciptables_ip6tc(void);

/* Where a rule's parts stand in the kernel's form of either family. */
static inline size_t ciptables_head_size(int ipv6) {
    return ipv6 ? sizeof(struct ip6t_entry) : sizeof(struct ipt_entry);
}
#endif
