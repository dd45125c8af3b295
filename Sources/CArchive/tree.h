#ifndef CARCHIVE_TREE_H
#define CARCHIVE_TREE_H
#include "internal.h"

#include <limits.h>
#include <sys/types.h>
#include <time.h>

/* A directory that gets its time when everything in it has been made. */
struct dated_directory {
    struct dated_directory *next;
    struct timespec times[2];
    ino_t inode;
    char path[];
};

/* A directory that an archive is restored into.
 *
 * Every name is looked up by openat2(2) with RESOLVE_IN_ROOT, as after a chroot: symbolic links of the archive work
 * and none of them leads out. The working directory of the process is never touched, which libarchive's own
 * restoring to disk would need. */
struct tree {
    int root;
    /* The directory that was used last: archives name the files of a directory one after the other. */
    int parent;
    char parent_path[PATH_MAX];
    /* In the order of the archive; of one that is there twice the last one counts. */
    struct dated_directory *directories, **last_directory;
    size_t remembered; /* bytes of them */
    struct carchive_failure *failure;
    /* NULL, or what may still be made. */
    struct carchive_budget *budget;
    /* Directories that were made for what is in them. */
    uint64_t implied;
    /* 1: a directory has a list that what is made in it would take over. */
    int has_default_list;
    /* 1: a directory and another file never replace each other, and what is empty counts. */
    int keeps_kinds;
    /* NULL, or whether a directory is the kernel's, where nothing is made. */
    int (*is_kernels)(int directory);
};

void tree_open(struct tree *tree, int root, struct carchive_failure *failure);
void tree_close(struct tree *tree);

/* Writes `name` without leading slashes, empty components and "." to `path`; refuses "..". */
int tree_clean(struct tree *tree, const char *name, char path[PATH_MAX]);
/* The directory of `path`, made with what is above it where missing, and the last component in *base.
 * The descriptor belongs to the tree until the next call. */
int tree_parent(struct tree *tree, const char *path, const char **base);
/* The directory `path`, made where missing. The caller closes it. */
int tree_open_directory(struct tree *tree, const char *path);

/* Makes room for a file: removes what is there, of a layer also a directory with all that is in it. */
int tree_clear(struct tree *tree, int parent, const char *base, const char *path);
/* Removes a directory and what is below it, without following a link: 0, or -1 with errno. */
int tree_remove_directory(int parent, const char *base);
/* The new or existing directory `base`, opened. */
int tree_make_directory(struct tree *tree, int parent, const char *base, const char *path);
int tree_make_whiteout(struct tree *tree, int parent, const char *base, const char *path);
int tree_make_opaque(struct tree *tree, int directory, const char *path);
/* Remembers the time for tree_date_directories. `fd` is the directory that `path` names. */
int tree_date(struct tree *tree, const char *path, int fd, const struct timespec times[2]);
void tree_date_directories(struct tree *tree);
/* Takes the access lists off a file of a layer that it may have taken over from its directory. It is the one that `path` names,
 * or, where that is NULL, `fd`. */
void tree_clear_lists(struct tree *tree, int fd, const char *path);
#endif
