#include "clinux.h"
#include "result.h"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Forgets the pages of [start, end) that are the file's own: a page that was written to is anonymous, and stays.
 * Bit 61 of a pagemap entry tells (Documentation/admin-guide/mm/pagemap.rst). */
static void release_file_pages(int pagemap, uintptr_t start, uintptr_t end) {
    enum { PAGE = 4096, BATCH = 64 };
    uint64_t entries[BATCH];
    for (uintptr_t at = start; at < end; at += (uintptr_t)BATCH * PAGE) {
        size_t count = (end - at + PAGE - 1) / PAGE;
        if (count > BATCH) count = BATCH;
        ssize_t length = pread(pagemap, entries, count * 8, (off_t)(at / PAGE * 8));
        for (size_t i = 0; length > 0 && i < (size_t)length / 8; i++)
            if (entries[i] >> 61 & 1) madvise((void *)(at + i * PAGE), PAGE, MADV_DONTNEED);
    }
}

struct segments {
    int count;
    struct segment {
        uintptr_t start, end;
        int writable;
    } list[64];
};

static int collect(struct dl_phdr_info *object, size_t size, void *context) {
    struct segments *segments = context;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum && segments->count < 64; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t start = object->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD)
            segments->list[segments->count++] = (struct segment){
                (start & ~(uintptr_t)4095), start + part->p_filesz, (part->p_flags & PF_W) != 0};
    }
    return 0;
}

/* A page that is needed after it was forgotten comes back with 15 others around it. So all headers are read before
 * anything is forgotten, and the program's own text, which this code is part of, goes last. */
static void release_files(void) {
    struct segments segments = {0};
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (pagemap < 0) return;
    dl_iterate_phdr(collect, &segments);
    for (int i = 0; i < segments.count; i++) {
        const struct segment *segment = &segments.list[i];
        if (segment->writable) release_file_pages(pagemap, segment->start, segment->end);
    }
    close(pagemap);
    for (int i = segments.count - 1; i >= 0; i--) {
        const struct segment *segment = &segments.list[i];
        if (!segment->writable) madvise((void *)segment->start, segment->end - segment->start, MADV_DONTNEED);
    }
}

/* What lies below the frame in use. The main thread's stack grows down from the top of its mapping. */
static void release_stack(void) {
    char here;
    uintptr_t end = ((uintptr_t)&here - 4096) & ~(uintptr_t)4095;
    madvise((void *)(end - (64 << 10)), 64 << 10, MADV_DONTNEED);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

int clinux_poll_awake(int fd, long nanoseconds) {
    struct pollfd request = {.fd = fd, .events = POLLIN};
    int64_t end = now() + nanoseconds;
    do {
        if (poll(&request, 1, 0) > 0) return 1;
        sched_yield();
    } while (now() < end);
    return 0;
}

int clinux_poll_idle(struct pollfd *requests, size_t count, int milliseconds) {
    malloc_trim(0);
    release_files();
    release_stack();
    return result(poll(requests, count, milliseconds));
}
