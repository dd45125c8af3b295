#include "internal.h"

#include <errno.h>
#include <stdlib.h>

struct ciptables_table {
    struct xtc_handle *handle;
    /* That of its family; the other one is NULL. */
    const struct ip4tc *four;
    const struct ip6tc *six;
};

#define CALL(table, function, ...) \
    ((table)->six ? (table)->six->function(__VA_ARGS__) : (table)->four->function(__VA_ARGS__))

/* The libraries answer 0 with errno for a failure; an errno of 0 means that they and the kernel disagree. */
static int outcome(int done) { return done ? 0 : errno ? -errno : -EINVAL; }

/* The first to look at a table of a network namespace makes it; another one who does so at that moment gets EEXIST. */
enum { OPEN_LIMIT = 64 };

int ciptables_open(int ipv6, const char *name, struct ciptables_table **table) {
    *table = NULL;
    if (!ciptables_has_library(ipv6)) return -ELIBACC;
    struct ciptables_table *new = calloc(1, sizeof *new);
    if (!new) return -ENOMEM;
    new->four = ipv6 ? NULL : ciptables_ip4tc();
    new->six = ipv6 ? ciptables_ip6tc() : NULL;
    for (int i = 0; i < OPEN_LIMIT; i++) {
        errno = 0;
        new->handle = CALL(new, init, name);
        if (new->handle || errno != EEXIST) break;
    }
    if (new->handle) *table = new;
    else free(new);
    return outcome(*table != NULL);
}

void ciptables_close(struct ciptables_table *table) {
    CALL(table, free, table->handle);
    free(table);
}

int ciptables_commit(struct ciptables_table *table) {
    errno = 0;
    return outcome(CALL(table, commit, table->handle));
}

const char *ciptables_explain(struct ciptables_table *table, int error) { return CALL(table, strerror, error); }

const char *ciptables_first_chain(struct ciptables_table *table) {
    return CALL(table, first_chain, table->handle);
}
const char *ciptables_next_chain(struct ciptables_table *table) {
    return CALL(table, next_chain, table->handle);
}

/* The libraries take chain names as arrays of 32 bytes and copy all of them. */
static int chain_label(const char *chain, xt_chainlabel label) {
    size_t length = strnlen(chain, sizeof(xt_chainlabel));
    if (length == 0 || length >= XT_EXTENSION_MAXNAMELEN) return -EINVAL;
    memset(label, 0, sizeof(xt_chainlabel));
    memcpy(label, chain, length);
    return 0;
}

int ciptables_has_chain(struct ciptables_table *table, const char *chain) {
    return CALL(table, is_chain, chain, table->handle) != 0;
}

int ciptables_create_chain(struct ciptables_table *table, const char *chain) {
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0) return result;
    errno = 0;
    return outcome(CALL(table, create_chain, label, table->handle));
}

int ciptables_delete_chain(struct ciptables_table *table, const char *chain) {
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0) return result;
    errno = 0;
    return outcome(CALL(table, delete_chain, label, table->handle));
}

int ciptables_drops(struct ciptables_table *table, const char *chain) {
    struct xt_counters counters;
    const char *policy = CALL(table, get_policy, chain, &counters, table->handle);
    return policy && strcmp(policy, "DROP") == 0;
}

int ciptables_references(struct ciptables_table *table, const char *chain) {
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0) return result;
    unsigned count = 0;
    errno = 0;
    return CALL(table, get_references, &count, label, table->handle) ? (int)count : outcome(0);
}

static int rules_of_ipv4(
    struct ciptables_table *table, const char *chain, struct ciptables_rule *rules, int capacity) {
    const struct ip4tc *four = table->four;
    int count = 0;
    const struct ipt_entry *entry = four->first_rule(chain, table->handle);
    for (; entry; entry = four->next_rule(entry, table->handle), count++)
        if (count < capacity) (void)ciptables_decode(0, entry, four->get_target(entry, table->handle), &rules[count]);
    return count;
}

static int rules_of_ipv6(
    struct ciptables_table *table, const char *chain, struct ciptables_rule *rules, int capacity) {
    const struct ip6tc *six = table->six;
    int count = 0;
    const struct ip6t_entry *entry = six->first_rule(chain, table->handle);
    for (; entry; entry = six->next_rule(entry, table->handle), count++)
        if (count < capacity) (void)ciptables_decode(1, entry, six->get_target(entry, table->handle), &rules[count]);
    return count;
}

int ciptables_rules(struct ciptables_table *table, const char *chain, struct ciptables_rule *rules, int capacity) {
    return (table->six ? rules_of_ipv6 : rules_of_ipv4)(table, chain, rules, capacity);
}

static const void *seen(
    struct ciptables_table *table, const struct ipt_entry *entry, int *size, const char **target) {
    if (!entry) return NULL;
    *size = entry->next_offset;
    *target = table->four->get_target(entry, table->handle);
    return entry;
}

static const void *seen_ipv6(
    struct ciptables_table *table, const struct ip6t_entry *entry, int *size, const char **target) {
    if (!entry) return NULL;
    *size = entry->next_offset;
    *target = table->six->get_target(entry, table->handle);
    return entry;
}

const void *ciptables_first_entry(
    struct ciptables_table *table, const char *chain, int *size, const char **target) {
    if (table->six) return seen_ipv6(table, table->six->first_rule(chain, table->handle), size, target);
    return seen(table, table->four->first_rule(chain, table->handle), size, target);
}

const void *ciptables_next_entry(
    struct ciptables_table *table, const void *entry, int *size, const char **target) {
    if (table->six) return seen_ipv6(table, table->six->next_rule(entry, table->handle), size, target);
    return seen(table, table->four->next_rule(entry, table->handle), size, target);
}

int ciptables_insert(
    struct ciptables_table *table, const char *chain, int position, const struct ciptables_rule *rule) {
    /* The largest rule is far below this; ciptables_encode checks it. */
    _Alignas(struct ip6t_entry) unsigned char entry[1024];
    xt_chainlabel label;
    int result = rule->ipv6 == (table->six != NULL) ? chain_label(chain, label) : -EINVAL;
    if (result < 0 || (result = ciptables_encode(rule, entry, sizeof entry)) < 0) return result;
    errno = 0;
    return outcome(CALL(table, insert_entry, label, (const void *)entry, (unsigned)position, table->handle));
}

int ciptables_delete(struct ciptables_table *table, const char *chain, int position) {
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0) return result;
    errno = 0;
    return outcome(CALL(table, delete_num_entry, label, (unsigned)position, table->handle));
}
