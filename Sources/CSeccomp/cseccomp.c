#include "cseccomp.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(CSECCOMP_ALLOW == SCMP_ACT_ALLOW && CSECCOMP_LOG == SCMP_ACT_LOG, "action");
_Static_assert(CSECCOMP_ERRNO == SCMP_ACT_ERRNO(0) && CSECCOMP_TRACE == SCMP_ACT_TRACE(0), "action with data");
_Static_assert(CSECCOMP_TRAP == SCMP_ACT_TRAP && CSECCOMP_KILL_PROCESS == SCMP_ACT_KILL_PROCESS, "action");
_Static_assert(CSECCOMP_NOT_EQUAL == (int)SCMP_CMP_NE && CSECCOMP_MASKED_EQUAL == (int)SCMP_CMP_MASKED_EQ, "operation");

/* seccomp_export_bpf_mem came with libseccomp 2.6. */
typedef int export_to_memory(const scmp_filter_ctx filter, void *buffer, size_t *size);

static struct {
    __typeof__(seccomp_init) *init;
    __typeof__(seccomp_release) *release;
    __typeof__(seccomp_attr_set) *attr_set;
    __typeof__(seccomp_arch_resolve_name) *arch_resolve_name;
    __typeof__(seccomp_arch_add) *arch_add;
    __typeof__(seccomp_syscall_resolve_name) *syscall_resolve_name;
    __typeof__(seccomp_rule_add_array) *rule_add_array;
    __typeof__(seccomp_export_bpf) *export_bpf;
    export_to_memory *export_bpf_mem;
    int usable;
} library;

static int find(void *handle, const char *name, void *function) {
    void *address = dlsym(handle, name);
    *(void **)function = address;
    return address != NULL;
}

static void load(void) {
    void *handle = dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return;
    library.usable = find(handle, "seccomp_init", &library.init) && find(handle, "seccomp_release", &library.release)
        && find(handle, "seccomp_attr_set", &library.attr_set)
        && find(handle, "seccomp_arch_resolve_name", &library.arch_resolve_name)
        && find(handle, "seccomp_arch_add", &library.arch_add)
        && find(handle, "seccomp_syscall_resolve_name", &library.syscall_resolve_name)
        && find(handle, "seccomp_rule_add_array", &library.rule_add_array)
        && find(handle, "seccomp_export_bpf", &library.export_bpf);
    find(handle, "seccomp_export_bpf_mem", &library.export_bpf_mem);
}

int cseccomp_create(uint32_t default_action, uint32_t bad_architecture_action, cseccomp_filter **filter) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (!library.usable) return -ELIBACC;
    scmp_filter_ctx context = library.init(default_action);
    if (!context) return -EINVAL;
    int result = library.attr_set(context, SCMP_FLTATR_ACT_BADARCH, bad_architecture_action);
    if (result < 0) {
        library.release(context);
        return result;
    }
    /* A binary tree: the kernel walks the filter for every call that it has not cached, and for all of them
     * once when the filter is set. Before 2.5 there was none, and a list does the same more slowly. */
    library.attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    *filter = context;
    return 0;
}

void cseccomp_destroy(cseccomp_filter *filter) { library.release(filter); }

int cseccomp_add_architecture(cseccomp_filter *filter, const char *name) {
    uint32_t token = library.arch_resolve_name(name);
    if (token == 0) return -EINVAL;
    int result = library.arch_add(filter, token);
    return result == -EEXIST ? 0 : result;
}

int cseccomp_resolve(const char *name, int *number) {
    *number = library.syscall_resolve_name(name);
    return *number == __NR_SCMP_ERROR ? -ENOENT : 0;
}

int cseccomp_add_rule(cseccomp_filter *filter, const char *name, uint32_t action,
                      const struct cseccomp_comparison *comparisons, size_t count) {
    struct scmp_arg_cmp arguments[CSECCOMP_ARGUMENTS];
    int number;
    if (count > CSECCOMP_ARGUMENTS) return -E2BIG;
    if (cseccomp_resolve(name, &number) < 0) return -ENOENT;
    for (size_t i = 0; i < count; i++) {
        arguments[i] = (struct scmp_arg_cmp){
            .arg = comparisons[i].argument,
            .op = (enum scmp_compare)comparisons[i].operation,
            .datum_a = comparisons[i].value,
            .datum_b = comparisons[i].second,
        };
    }
    return library.rule_add_array(filter, action, number, (unsigned)count, arguments);
}

/* Reads back all that was written to `file`. */
static int contents(int file, void **bytes, size_t *size) {
    struct stat status;
    if (fstat(file, &status) < 0) return -errno;
    char *buffer = malloc(status.st_size > 0 ? (size_t)status.st_size : 1);
    if (!buffer) return -ENOMEM;
    ssize_t count = pread(file, buffer, (size_t)status.st_size, 0);
    if (count != status.st_size) {
        int error = count < 0 ? errno : EIO;
        free(buffer);
        return -error;
    }
    *bytes = buffer;
    *size = (size_t)count;
    return 0;
}

static int export_by_file(scmp_filter_ctx filter, void **bytes, size_t *size) {
    int file = memfd_create("seccomp", MFD_CLOEXEC);
    if (file < 0) return -errno;
    int result = library.export_bpf(filter, file);
    if (result == 0) result = contents(file, bytes, size);
    close(file);
    return result;
}

static int export_by_memory(scmp_filter_ctx filter, void **bytes, size_t *size) {
    int result = library.export_bpf_mem(filter, NULL, size);
    if (result < 0) return result;
    void *buffer = malloc(*size > 0 ? *size : 1);
    if (!buffer) return -ENOMEM;
    result = library.export_bpf_mem(filter, buffer, size);
    if (result < 0) {
        free(buffer);
        return result;
    }
    *bytes = buffer;
    return 0;
}

int cseccomp_export(const cseccomp_filter *filter, void **bytes, size_t *size) {
    scmp_filter_ctx context = (scmp_filter_ctx)filter;
    return library.export_bpf_mem ? export_by_memory(context, bytes, size) : export_by_file(context, bytes, size);
}
