/* The legacy iptables tables of the caller's network namespace, over libip4tc, and over libip6tc for those of IPv6. It
 * knows the few matches and targets of struct ciptables_rule and lays them out as iptables(8) and ip6tables(8) do; every
 * other rule is opaque: it can be counted and stepped over, and a commit keeps it as it was. Functions return 0 or more,
 * or -errno. Nobody here takes the xtables lock: that is the caller's part. */
#ifndef CIPTABLES_H
#define CIPTABLES_H
#include <stdint.h>
#include <string.h>

enum {
    CIPTABLES_ADDRESS = 16,
    CIPTABLES_DEVICE = 16,
    CIPTABLES_CHAIN = 32,
    CIPTABLES_COMMENT = 64,
};

/* flags */
enum {
    CIPTABLES_NOT_SOURCE = 1 << 0,
    CIPTABLES_NOT_DESTINATION = 1 << 1,
    CIPTABLES_NOT_INPUT = 1 << 2,
    CIPTABLES_NOT_OUTPUT = 1 << 3,
    CIPTABLES_NOT_STATES = 1 << 4,
    CIPTABLES_PORTS = 1 << 5,    /* port_first...port_last */
    CIPTABLES_LOCAL = 1 << 6,    /* addrtype --dst-type LOCAL */
    CIPTABLES_TO_PORTS = 1 << 7, /* to_first...to_last */
    CIPTABLES_TO_BASE = 1 << 8,  /* to_base: port_first becomes to_first, and so on */
};

/* target */
enum {
    CIPTABLES_OPAQUE = 0,
    CIPTABLES_ACCEPT,
    CIPTABLES_DROP,
    CIPTABLES_RETURN,
    CIPTABLES_JUMP,
    CIPTABLES_MASQUERADE,
    CIPTABLES_SNAT,
    CIPTABLES_DNAT,
};

/* states: the bits of xt_conntrack.h */
enum {
    CIPTABLES_INVALID = 1 << 0,
    CIPTABLES_ESTABLISHED = 1 << 1,
    CIPTABLES_RELATED = 1 << 2,
    CIPTABLES_NEW = 1 << 3,
    CIPTABLES_STATE_SNAT = 1 << 6,
    CIPTABLES_STATE_DNAT = 1 << 7,
    CIPTABLES_UNTRACKED = 1 << 8,
};

/* One rule, addresses as on the wire (those of IPv4 in the first four bytes), numbers in host byte order, texts
 * NUL-terminated, everything unused zero and no padding: two rules are the same when their bytes are. */
struct ciptables_rule {
    uint8_t source[CIPTABLES_ADDRESS], destination[CIPTABLES_ADDRESS], to_address[CIPTABLES_ADDRESS];
    uint16_t flags;
    uint16_t states;
    uint16_t port_first, port_last;
    uint16_t to_first, to_last, to_base;
    /* In bits; 0 is every address. */
    uint8_t source_prefix, destination_prefix;
    uint8_t protocol;
    uint8_t target;
    /* 1: the rule is of ip6tables. */
    uint8_t ipv6;
    uint8_t unused;
    char input[CIPTABLES_DEVICE], output[CIPTABLES_DEVICE];
    char jump[CIPTABLES_CHAIN];
    char comment[CIPTABLES_COMMENT];
};

/* A snapshot of a table, with the changes made to it since. */
struct ciptables_table;

/* Whether the tables of a family can be opened: libip4tc or libip6tc, which is loaded then, is there. */
int ciptables_has_library(int ipv6);
/* -ELIBACC: there is no such library. */
int ciptables_open(int ipv6, const char *name, struct ciptables_table **table);
void ciptables_close(struct ciptables_table *table);
/* Replaces the whole table. -EAGAIN: it has changed meanwhile, read it again. */
int ciptables_commit(struct ciptables_table *table);
/* What libip4tc (or libip6tc) has to say about the last failure with this (positive) errno. */
const char *ciptables_explain(struct ciptables_table *table, int error);

/* The names of the chains, one after the other; NULL at the end. */
const char *ciptables_first_chain(struct ciptables_table *table);
const char *ciptables_next_chain(struct ciptables_table *table);
int ciptables_has_chain(struct ciptables_table *table, const char *chain);
int ciptables_create_chain(struct ciptables_table *table, const char *chain);
/* -ENOTEMPTY when it has rules, -EMLINK when rules jump to it. */
int ciptables_delete_chain(struct ciptables_table *table, const char *chain);
/* Whether a built-in chain drops what no rule decides on. */
int ciptables_drops(struct ciptables_table *table, const char *chain);
/* How many rules jump to it. */
int ciptables_references(struct ciptables_table *table, const char *chain);

/* How many rules a chain has; up to `capacity` of them are decoded. */
int ciptables_rules(struct ciptables_table *table, const char *chain, struct ciptables_rule *rules, int capacity);
/* Each rule of a table of IPv4 as the kernel has it, struct ipt_entry of that size, with the name of its verdict, chain or target: for who wants to
 * know more than a ciptables_rule can say. NULL at the end. */
const void *ciptables_first_entry(struct ciptables_table *table, const char *chain, int *size, const char **target);
const void *ciptables_next_entry(struct ciptables_table *table, const void *entry, int *size, const char **target);
/* Positions count from 0; the one behind the last appends. */
int ciptables_insert(struct ciptables_table *table, const char *chain, int position, const struct ciptables_rule *rule);
int ciptables_delete(struct ciptables_table *table, const char *chain, int position);

/* The revision of a match (or target) that is used here, or -1 when it is none of those. */
int ciptables_revision(int ipv6, const char *name);
/* Whether the kernel has that revision; loads its module. 1, 0, or -errno. */
int ciptables_supports(int ipv6, const char *name, int is_target);
/* Asks the kernel to load a module by its name, as root; what comes of it shows later. */
void ciptables_load_module(const char *name);

/* Both directions between a rule and the kernel's form, for tests: encode gives the size. */
int ciptables_encode(const struct ciptables_rule *rule, void *buffer, int capacity);
int ciptables_decode(int ipv6, const void *entry, const char *target, struct ciptables_rule *rule);

static inline int ciptables_same(const struct ciptables_rule *a, const struct ciptables_rule *b) {
    return memcmp(a, b, sizeof *a) == 0;
}
/* The device by which a rule belongs to a network: the one it goes out of, else the one it came in by. */
static inline const char *ciptables_device(const struct ciptables_rule *rule) {
    return rule->output[0] ? rule->output : rule->input;
}
/* Whether a rule has the key's comment or, for a key without one, no comment and the key's output as its device. */
static inline int ciptables_owned(const struct ciptables_rule *rule, const struct ciptables_rule *key) {
    if (rule->target == CIPTABLES_OPAQUE || memcmp(rule->comment, key->comment, sizeof rule->comment) != 0) return 0;
    return key->comment[0] || memcmp(ciptables_device(rule), key->output, sizeof key->output) == 0;
}
#endif
