/* Seccomp filters made by libseccomp, which is loaded on first use: a container whose filter is already made
 * does not pay for it. Every function returns a non-negative result or -errno. */
#ifndef CSECCOMP_H
#define CSECCOMP_H
#include <stddef.h>
#include <stdint.h>

/* A filter in the making. */
typedef struct cseccomp_filter cseccomp_filter;

/* As the kernel and libseccomp both number them; ERRNO and TRACE take 16 bits of data. */
enum cseccomp_action {
    CSECCOMP_KILL_THREAD = 0,
    CSECCOMP_TRAP = 0x00030000,
    CSECCOMP_ERRNO = 0x00050000,
    CSECCOMP_TRACE = 0x7ff00000,
    CSECCOMP_LOG = 0x7ffc0000,
    CSECCOMP_ALLOW = 0x7fff0000,
};
#define CSECCOMP_KILL_PROCESS 0x80000000U

enum cseccomp_operation {
    CSECCOMP_NOT_EQUAL = 1,
    CSECCOMP_LESS,
    CSECCOMP_LESS_OR_EQUAL,
    CSECCOMP_EQUAL,
    CSECCOMP_GREATER_OR_EQUAL,
    CSECCOMP_GREATER,
    CSECCOMP_MASKED_EQUAL, /* (argument & value) == second */
};

enum { CSECCOMP_ARGUMENTS = 6 };

struct cseccomp_comparison {
    uint32_t argument; /* 0 to 5 */
    uint32_t operation;
    uint64_t value, second;
};

/* For calls of this machine's own architecture. -ELIBACC: there is no usable libseccomp.so.2. */
int cseccomp_create(uint32_t default_action, uint32_t bad_architecture_action, cseccomp_filter **filter);
void cseccomp_destroy(cseccomp_filter *filter);
/* As libseccomp names it: x86, x32, arm... One that is there already is fine. */
int cseccomp_add_architecture(cseccomp_filter *filter, const char *name);
/* This architecture's number for a call, negative when only others have it. -ENOENT: libseccomp does not know the
 * name. Only after a cseccomp_create. */
int cseccomp_resolve(const char *name, int *number);
/* All comparisons must hold. -ENOENT as above: no rule was added. */
int cseccomp_add_rule(cseccomp_filter *filter, const char *name, uint32_t action,
                      const struct cseccomp_comparison *comparisons, size_t count);
/* struct sock_filter[]: `*bytes` is the caller's to free(3). */
int cseccomp_export(const cseccomp_filter *filter, void **bytes, size_t *size);
#endif
