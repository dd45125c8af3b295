#ifndef CARCHIVE_CREATE_H
#define CARCHIVE_CREATE_H
#include "internal.h"

#include <limits.h>
#include <sys/stat.h>

/* The first name of a file with several. */
struct first_name {
    struct first_name *next;
    dev_t device;
    ino_t inode;
    char path[];
};

enum { BUCKETS = 4096, BLOCK_SIZE = 256 << 10, LIST_SIZE = 64 << 10, HELD_DIRECTORIES = 64 };

struct creation {
    int root;
    unsigned depth;
    /* Seconds. */
    int64_t newest;
    /* Nil for the layer of an image, which says by marks what the layers below lose. */
    const struct carchive_tree *tree;
    const char *left_out;
    struct carchive_output output;
    struct carchive_result *result;
    struct carchive_failure *failure;
    struct archive *archive;
    struct archive_entry *entry;
    struct first_name *names[BUCKETS];
    /* The file that is being written, from the root. */
    char path[PATH_MAX];
    /* What it is called in the archive, when that is something else. */
    char name[2 * PATH_MAX];
    /* Here and not on the stack, since directories are walked by recursion. */
    char target[PATH_MAX], marker[PATH_MAX + 16];
    char attributes[LIST_SIZE], value[LIST_SIZE];
    uint8_t block[BLOCK_SIZE];
};

int creation_fail(struct creation *x, const char *operation);
int creation_unwritable(struct creation *x);
int creation_write_header(struct creation *x);
/* Begins the entry of a file that is called so. */
void creation_describe(struct creation *x, const struct stat *status, const char *name);
/* What x->path is called in the archive. */
const char *creation_name(struct creation *x, const char *path);
/* - Returns: 1 when the file is an opaque directory of a layer. */
int creation_add_attributes(struct creation *x, int fd);
/* An empty file `name` in the directory that x->path ends with at `end`. */
int creation_add_marker(struct creation *x, size_t end, const char *prefix, const char *name);
/* Anything but a directory. */
int creation_add_file(struct creation *x, int parent, const char *base, const struct stat *status);
void creation_free_names(struct creation *x);
#endif
