#include "internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct carchive_api carchive_api;
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static int has_archive, has_nettle;

int carchive_fail(struct carchive_failure *failure, const char *operation, const char *subject, int number) {
    if (*failure->operation) return -1;
    failure->number = number;
    snprintf(failure->operation, sizeof failure->operation, "%s", operation);
    snprintf(failure->subject, sizeof failure->subject, "%s", subject ? subject : "");
    *failure->reason = 0;
    return -1;
}

int carchive_fail_because(
    struct carchive_failure *failure, const char *operation, const char *subject, const char *reason) {
    if (*failure->operation) return -1;
    carchive_fail(failure, operation, subject, 0);
    snprintf(failure->reason, sizeof failure->reason, "%s", reason ? reason : "unknown error");
    return -1;
}

static int missing(struct carchive_failure *failure, const char *library) {
    const char *reason = dlerror();
    return carchive_fail_because(failure, "load library", library, reason);
}

#define FIND_IN(library, file, name) \
    carchive_api.name = (__typeof__(carchive_api.name))dlsym(library, #name); \
    if (!carchive_api.name) return missing(failure, file);

static int load_archive(struct carchive_failure *failure) {
    if (has_archive) return 0;
    void *archive = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    if (!archive) return missing(failure, "libarchive.so.13");
#define FIND_ARCHIVE(name) FIND_IN(archive, "libarchive.so.13", name)
    EACH_ARCHIVE_FUNCTION(FIND_ARCHIVE)
    has_archive = 1;
    return 0;
}

static int load_nettle(struct carchive_failure *failure) {
    if (has_nettle) return 0;
    void *nettle = dlopen("libnettle.so.8", RTLD_NOW | RTLD_LOCAL);
    if (!nettle) return missing(failure, "libnettle.so.8");
#define FIND_NETTLE(name) FIND_IN(nettle, "libnettle.so.8", name)
    EACH_NETTLE_FUNCTION(FIND_NETTLE)
    has_nettle = 1;
    return 0;
}

int carchive_load(struct carchive_failure *failure) {
    pthread_mutex_lock(&loading);
    int status = load_archive(failure) < 0 ? -1 : load_nettle(failure);
    pthread_mutex_unlock(&loading);
    return status;
}

static int load_for_digests(struct carchive_failure *failure) {
    pthread_mutex_lock(&loading);
    int status = load_nettle(failure);
    pthread_mutex_unlock(&loading);
    return status;
}

int carchive_sha256(const void *bytes, size_t count, uint8_t *digest, struct carchive_failure *failure) {
    if (load_for_digests(failure) < 0) return -1;
    struct sha256_ctx hash;
    SHA256(init)(&hash);
    SHA256(update)(&hash, count, bytes);
    SHA256(digest)(&hash, CARCHIVE_DIGEST_SIZE, digest);
    return 0;
}

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct carchive_hash), "room for a digest");

int carchive_hash_begin(struct carchive_hash *hash, struct carchive_failure *failure) {
    if (load_for_digests(failure) < 0) return -1;
    SHA256(init)((struct sha256_ctx *)hash);
    return 0;
}

void carchive_hash_add(struct carchive_hash *hash, const void *bytes, size_t count) {
    SHA256(update)((struct sha256_ctx *)hash, count, bytes);
}

void carchive_hash_end(struct carchive_hash *hash, uint8_t *digest) {
    SHA256(digest)((struct sha256_ctx *)hash, CARCHIVE_DIGEST_SIZE, digest);
}

int carchive_spend(int64_t *left, int64_t count) {
    return __atomic_sub_fetch(left, count, __ATOMIC_RELAXED) < 0 ? -1 : 0;
}

int carchive_fail_over(struct carchive_failure *failure) {
    return carchive_fail_because(failure, "unpack", NULL, "it is larger than is allowed");
}

int carchive_write_all(int fd, const void *bytes, size_t count) {
    const char *rest = bytes;
    while (count > 0) {
        ssize_t n = write(fd, rest, count);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        rest += n;
        count -= (size_t)n;
    }
    return 0;
}

int carchive_keeps_attribute(const char *name) {
    return strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0 ||
           strcmp(name, "system.posix_acl_access") == 0 || strcmp(name, "system.posix_acl_default") == 0;
}

int carchive_clone(int output, int input) { return ioctl(output, FICLONE, input) < 0 ? -errno : 0; }
int carchive_syncfs(int fd) { return syncfs(fd) < 0 ? -errno : 0; }
