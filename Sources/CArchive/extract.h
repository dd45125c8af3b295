#ifndef CARCHIVE_EXTRACT_H
#define CARCHIVE_EXTRACT_H
#include "tree.h"

/* An archive that is being restored. */
struct extraction {
    struct tree tree;
    struct carchive_stream *stream;
    struct carchive_budget *budget;
    struct carchive_result *result;
    struct archive *archive;
    /* The entry that is being restored. */
    struct archive_entry *entry;
    char path[PATH_MAX];
    /* Below the root, where a tree goes to; NULL for a layer. */
    const char *directory;
    int leaves_devices;
    int (*is_kernels)(int directory);
    uint64_t left_out;
};

/* -1, about the entry that is being restored, by errno. */
int extraction_fail(struct extraction *x, const char *operation);

void extraction_times(struct archive_entry *entry, struct timespec times[2]);
int extraction_set_metadata(struct extraction *x, int fd);
int extraction_set_metadata_at(struct extraction *x, int parent, const char *base);
int extraction_set_node_mode(struct extraction *x, int parent, const char *base);
#endif
