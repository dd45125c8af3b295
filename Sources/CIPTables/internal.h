#ifndef CIPTABLES_INTERNAL_H
#define CIPTABLES_INTERNAL_H
#include "ciptables.h"

#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>

/* Those of the functions of libip6tc that are used; NULL when it is not there. */
struct ip6tc {
    __typeof__(ip6tc_init) *init;
    __typeof__(ip6tc_free) *free;
    __typeof__(ip6tc_commit) *commit;
    __typeof__(ip6tc_strerror) *strerror;
    __typeof__(ip6tc_first_chain) *first_chain;
    __typeof__(ip6tc_next_chain) *next_chain;
    __typeof__(ip6tc_is_chain) *is_chain;
    __typeof__(ip6tc_create_chain) *create_chain;
    __typeof__(ip6tc_delete_chain) *delete_chain;
    __typeof__(ip6tc_get_policy) *get_policy;
    __typeof__(ip6tc_get_references) *get_references;
    __typeof__(ip6tc_first_rule) *first_rule;
    __typeof__(ip6tc_next_rule) *next_rule;
    __typeof__(ip6tc_get_target) *get_target;
    __typeof__(ip6tc_insert_entry) *insert_entry;
    __typeof__(ip6tc_delete_num_entry) *delete_num_entry;
};
const struct ip6tc *ciptables_ip6tc(void);

/* Where a rule's parts stand in the kernel's form of either family. */
static inline size_t ciptables_head_size(int ipv6) {
    return ipv6 ? sizeof(struct ip6t_entry) : sizeof(struct ipt_entry);
}
#endif
