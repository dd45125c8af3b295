#include "internal.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

struct ccurl_api ccurl_api;
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static int loaded;

/* The one with OpenSSL, or the one with GnuTLS: what is taken from them is the same. */
static void *open_library(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library) return library;
    library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
    // The reason to be told is that of the usual one.
    return library ? library : dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
}

static int load(char *reason, size_t size) {
    void *library = open_library();
    if (!library) goto missing;
#define FIND(name) \
    ccurl_api.name = (__typeof__(ccurl_api.name))dlsym(library, "curl_" #name); \
    if (!ccurl_api.name) goto missing;
    EACH_CURL_FUNCTION(FIND)
    if (ccurl_api.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) return 0;
    snprintf(reason, size, "it cannot be set up");
    return -1;
missing:
    snprintf(reason, size, "%s", dlerror());
    return -1;
}

int ccurl_load(char *reason, size_t size) {
    pthread_mutex_lock(&loading);
    int status = loaded ? 0 : load(reason, size);
    loaded = status == 0;
    pthread_mutex_unlock(&loading);
    return status;
}

const char *ccurl_authorities(void) {
    const curl_version_info_data *version = ccurl_api.version_info(CURLVERSION_NOW);
    // One that is older than its headers has not that field.
    return version->age >= CURLVERSION_SEVENTH ? version->cainfo : NULL;
}
