#ifndef CCURL_INTERNAL_H
#define CCURL_INTERNAL_H
#define CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_DEPRECATION
#include "ccurl.h"
#include <curl/curl.h>

/* What is taken from the library. curl_easy_setopt and curl_easy_getinfo are variadic there as well. */
#define EACH_CURL_FUNCTION(do) \
    do(global_init) do(easy_init) do(easy_cleanup) do(easy_reset) do(easy_perform) do(easy_setopt) do(easy_getinfo) \
    do(easy_strerror) do(slist_append) do(slist_free_all) do(version_info)

struct ccurl_api {
#define DECLARE(name) __typeof__(curl_##name) *name;
    EACH_CURL_FUNCTION(DECLARE)
#undef DECLARE
};

extern struct ccurl_api ccurl_api;

/* 0, or -1 with `reason`. */
int ccurl_load(char *reason, size_t size);

/* Whether an address is of one of the kinds (CCURL_REFUSE_*) that are refused. */
int ccurl_refuses(const struct sockaddr *address, int refused);
#endif
