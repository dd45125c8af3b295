#include "internal.h"

#include <dlfcn.h>
#include <pthread.h>

static struct ip6tc library;
static int is_usable;

static int find(void *handle, const char *name, void *function) {
    void *address = dlsym(handle, name);
    *(void **)function = address;
    return address != NULL;
}

static void load(void) {
    void *handle = dlopen("libip6tc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return;
    is_usable = find(handle, "ip6tc_init", &library.init) && find(handle, "ip6tc_free", &library.free)
        && find(handle, "ip6tc_commit", &library.commit) && find(handle, "ip6tc_strerror", &library.strerror)
        && find(handle, "ip6tc_first_chain", &library.first_chain)
        && find(handle, "ip6tc_next_chain", &library.next_chain)
        && find(handle, "ip6tc_is_chain", &library.is_chain)
        && find(handle, "ip6tc_create_chain", &library.create_chain)
        && find(handle, "ip6tc_delete_chain", &library.delete_chain)
        && find(handle, "ip6tc_get_policy", &library.get_policy)
        && find(handle, "ip6tc_get_references", &library.get_references)
        && find(handle, "ip6tc_first_rule", &library.first_rule)
        && find(handle, "ip6tc_next_rule", &library.next_rule)
        && find(handle, "ip6tc_get_target", &library.get_target)
        && find(handle, "ip6tc_insert_entry", &library.insert_entry)
        && find(handle, "ip6tc_delete_num_entry", &library.delete_num_entry);
}

const struct ip6tc *ciptables_ip6tc(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return is_usable ? &library : NULL;
}

int ciptables_has_ipv6(void) { return ciptables_ip6tc() != NULL; }
