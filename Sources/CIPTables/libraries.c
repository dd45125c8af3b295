#include "internal.h"

#include <dlfcn.h>
#include <pthread.h>

static struct ip4tc four;
static struct ip6tc six;
static int has_four, has_six;

static void *find(void *library, const char *name, int *has_all) {
    void *address = dlsym(library, name);
    *has_all &= address != NULL;
    return address;
}

static void load_four(void) {
    void *library = dlopen("libip4tc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    has_four = 1;
#define FIND(name) *(void **)&four.name = find(library, "iptc_" #name, &has_four);
    CIPTABLES_EACH_FUNCTION(FIND)
#undef FIND
}

static void load_six(void) {
    void *library = dlopen("libip6tc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    has_six = 1;
#define FIND(name) *(void **)&six.name = find(library, "ip6tc_" #name, &has_six);
    CIPTABLES_EACH_FUNCTION(FIND)
#undef FIND
}

const struct ip4tc *ciptables_ip4tc(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_four);
    return has_four ? &four : NULL;
}

const struct ip6tc *ciptables_ip6tc(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_six);
    return has_six ? &six : NULL;
}

int ciptables_has_library(int ipv6) { return ipv6 ? ciptables_ip6tc() != NULL : ciptables_ip4tc() != NULL; }
