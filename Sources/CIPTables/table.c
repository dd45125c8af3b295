#include "ciptables.h"

#include <errno.h>
#include <libiptc/libiptc.h>

/* libip4tc's handle under a name of our own. */
struct ciptables_table;
static struct xtc_handle *handle(struct ciptables_table *table) { return (struct xtc_handle *)(void *)table; }
/* libip4tc answers 0 with errno for a failure; an errno of 0 means that it and the kernel disagree. */
static int outcome(int done) { return done ? 0 : errno ? -errno : -EINVAL; }

/* The first to look at a table of a network namespace makes it; another one who does so at that moment gets EEXIST. */
enum { OPEN_LIMIT = 64 };

int ciptables_open(const char *name, struct ciptables_table **table) {
    for (int i = 0; i < OPEN_LIMIT; i++) {
        errno = 0;
        *table = (struct ciptables_table *)(void *)iptc_init(name);
        if (*table || errno != EEXIST) break;
    }
    return outcome(*table != NULL);
}

void ciptables_close(struct ciptables_table *table) { iptc_free(handle(table)); }

int ciptables_commit(struct ciptables_table *table) {
    errno = 0;
    return outcome(iptc_commit(handle(table)));
}

const char *ciptables_explain(int error) { return iptc_strerror(error); }

const char *ciptables_first_chain(struct ciptables_table *table) { return iptc_first_chain(handle(table)); }
const char *ciptables_next_chain(struct ciptables_table *table) { return iptc_next_chain(handle(table)); }

/* libip4tc takes chain names as arrays of 32 bytes and copies all of them. */
static int chain_label(const char *chain, xt_chainlabel label) {
    size_t length = strnlen(chain, sizeof(xt_chainlabel));
    if (length == 0 || length >= XT_EXTENSION_MAXNAMELEN) return -EINVAL;
    memset(label, 0, sizeof(xt_chainlabel));
    memcpy(label, chain, length);
    return 0;
}

int ciptables_has_chain(struct ciptables_table *table, const char *chain) {
    return iptc_is_chain(chain, handle(table)) != 0;
}

int ciptables_create_chain(struct ciptables_table *table, const char *chain) {
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0) return result;
    errno = 0;
    return outcome(iptc_create_chain(label, handle(table)));
}

int ciptables_delete_chain(struct ciptables_table *table, const char *chain) {
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0) return result;
    errno = 0;
    return outcome(iptc_delete_chain(label, handle(table)));
}

int ciptables_drops(struct ciptables_table *table, const char *chain) {
    struct xt_counters counters;
    const char *policy = iptc_get_policy(chain, &counters, handle(table));
    return policy && strcmp(policy, "DROP") == 0;
}

int ciptables_references(struct ciptables_table *table, const char *chain) {
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0) return result;
    unsigned count = 0;
    errno = 0;
    return iptc_get_references(&count, label, handle(table)) ? (int)count : outcome(0);
}

int ciptables_rules(struct ciptables_table *table, const char *chain, struct ciptables_rule *rules, int capacity) {
    int count = 0;
    const struct ipt_entry *entry = iptc_first_rule(chain, handle(table));
    for (; entry; entry = iptc_next_rule(entry, handle(table)), count++)
        if (count < capacity) (void)ciptables_decode(entry, iptc_get_target(entry, handle(table)), &rules[count]);
    return count;
}

static const void *seen(
    struct ciptables_table *table, const struct ipt_entry *entry, int *size, const char **target) {
    if (!entry) return NULL;
    *size = entry->next_offset;
    *target = iptc_get_target(entry, handle(table));
    return entry;
}

const void *ciptables_first_entry(
    struct ciptables_table *table, const char *chain, int *size, const char **target) {
    return seen(table, iptc_first_rule(chain, handle(table)), size, target);
}

const void *ciptables_next_entry(
    struct ciptables_table *table, const void *entry, int *size, const char **target) {
    return seen(table, iptc_next_rule(entry, handle(table)), size, target);
}

int ciptables_insert(
    struct ciptables_table *table, const char *chain, int position, const struct ciptables_rule *rule) {
    /* The largest rule is far below this; ciptables_encode checks it. */
    _Alignas(struct ipt_entry) unsigned char entry[1024];
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0 || (result = ciptables_encode(rule, entry, sizeof entry)) < 0) return result;
    errno = 0;
    return outcome(iptc_insert_entry(label, (const void *)entry, (unsigned)position, handle(table)));
}

int ciptables_delete(struct ciptables_table *table, const char *chain, int position) {
    xt_chainlabel label;
    int result = chain_label(chain, label);
    if (result < 0) return result;
    errno = 0;
    return outcome(iptc_delete_num_entry(label, (unsigned)position, handle(table)));
}
