/* The container's first process, and a further one in a running container, between clone and exec.
 *
 * The parent prepares a plan: flat, complete, nothing left to look up. The child works through it with
 * system calls alone (no allocation, no stdio, no locks) and says over one socket how far it came.
 * Every pointer of a plan belongs to the caller and must stay valid until claunch_* returns. */
#ifndef CLAUNCH_H
#define CLAUNCH_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum claunch_operation {
    CLAUNCH_MOUNT,          /* mount(source, target, type, flags, data) */
    /* Where target does not exist it is made, with all directories above it. */
    CLAUNCH_ATTACH_DIRECTORY, /* attach the detached mount `number` at target */
    CLAUNCH_ATTACH_FILE,      /* the same with a mount that is a file */
    CLAUNCH_ATTACH_TEXT,      /* the file that is text `number`, at target (flags: MS_RDONLY) */
    CLAUNCH_TEXT,           /* a new file target that holds data, kept as text `number` */
    CLAUNCH_TEMPORARY,        /* a tmpfs at target (flags, data) */
    CLAUNCH_DIRECTORY,
    CLAUNCH_DEVICE,         /* a device: mode with S_IFCHR or S_IFBLK in `flags`, major << 32 | minor in `number`, owner */
    CLAUNCH_SYMLINK,        /* target -> source */
    CLAUNCH_WRITE,          /* data into the existing file target */
    CLAUNCH_CHANGE_DIRECTORY,
    CLAUNCH_PIVOT,          /* the mount at target becomes the root; the old one is gone */
    CLAUNCH_READ_ONLY,      /* target, which is kept visible, can no longer be written */
    CLAUNCH_MASK,           /* target reads as empty */
    CLAUNCH_AWAIT,          /* claunch_proceed of the parent */
    CLAUNCH_CGROUP_NAMESPACE,
    CLAUNCH_TERMINAL,       /* a pseudo-terminal of /dev/pts: master to the parent, slave to be stdio */
    CLAUNCH_STANDARD_DIRECTORY, /* target must be a real directory, not a link; made when missing */
};

struct claunch_step {
    uint32_t operation;
    uint32_t optional; /* 1: a failure does not matter */
    const char *source, *target, *type, *data;
    uint64_t flags;
    int64_t number;
    uint32_t user, group;
};

struct claunch_rlimit {
    int32_t resource;
    int32_t is_default; /* 1: what the kernel does not allow of it is left out */
    uint64_t soft, hard;
};

struct claunch_process {
    const char *const *candidates; /* paths to try, in order, NULL at the end */
    const char *const *arguments;  /* NULL at the end */
    const char *const *environment;
    const char *directory; /* absolute */
    int stdio[3];          /* -1: the container's null device; ignored with a terminal */
    uint16_t rows, columns; /* of the terminal; 0: unknown */
    uint32_t user, group;
    const uint32_t *groups;
    size_t group_count;
    uint64_t capabilities; /* bit per capability number */
    int no_new_privileges;
    const void *seccomp; /* struct sock_filter[], NULL: none */
    uint16_t seccomp_count;
    const struct claunch_rlimit *rlimits;
    size_t rlimit_count;
    int oom_score; /* -1000 to 1000 */
    int init; /* a small init is process 1 and reaps */
    int die_with_parent;
    uint64_t host_device, host_inode; /* our own binary: never run inside a container */
};

struct claunch_plan {
    uint64_t namespaces; /* CLONE_NEW* */
    int cgroup;          /* descriptor of a cgroup v2 directory, or -1 */
    int network;         /* descriptor of the network namespace to join, or pidfd of a process in it, or -1 */
    int ipc;             /* pidfd of a process whose IPC namespace is joined, or -1 */
    int pid;             /* pidfd of a process in whose pid namespace the child is made, or -1 */
    const char *hostname;
    const struct claunch_step *steps;
    size_t step_count;
    struct claunch_process process;
};

struct claunch_entry {
    int target;          /* pidfd of the container's first process */
    uint64_t namespaces; /* to join */
    int cgroup;
    int waits; /* 1: for claunch_proceed, before anything else */
    int terminal;
    struct claunch_process process;
};

enum claunch_stage {
    CLAUNCH_STAGE_CLONE = 1,
    CLAUNCH_STAGE_NETWORK,
    CLAUNCH_STAGE_STEP, /* index: of the step */
    CLAUNCH_STAGE_HOSTNAME,
    CLAUNCH_STAGE_PARENT,
    CLAUNCH_STAGE_STDIO,
    CLAUNCH_STAGE_RLIMIT, /* index: of the limit */
    CLAUNCH_STAGE_DIRECTORY,
    CLAUNCH_STAGE_IDENTITY,
    CLAUNCH_STAGE_CAPABILITIES,
    CLAUNCH_STAGE_SECCOMP,
    CLAUNCH_STAGE_EXEC, /* index: of the candidate */
    CLAUNCH_STAGE_HOST_BINARY,
    CLAUNCH_STAGE_ENTER,
    CLAUNCH_STAGE_TERMINAL,
    CLAUNCH_STAGE_INIT,
    CLAUNCH_STAGE_IPC,
    CLAUNCH_STAGE_OOM_SCORE,
};

enum claunch_kind {
    CLAUNCH_EXECUTED,  /* end of file: the program runs */
    CLAUNCH_MASTER,    /* descriptor: the pseudo-terminal's master */
    CLAUNCH_STARTED,   /* value: pid of the process made by claunch_enter; to be checked */
    CLAUNCH_WAITING,   /* all is set up, claunch_proceed is waited for */
    CLAUNCH_FAILED,    /* value: errno */
};

struct claunch_message {
    int32_t kind;
    int32_t stage, index, value;
    int32_t descriptor; /* the receiver's, or -1 */
};

/* Starts the child. Returns its pid or -errno; *pidfd and *socket belong to the caller. */
pid_t claunch_start(const struct claunch_plan *plan, int *pidfd, int *socket);
/* Starts a process in a running container by way of a short-lived helper, whose pid is returned. The process
 * itself is the caller's child too; it comes as CLAUNCH_STARTED. */
pid_t claunch_enter(const struct claunch_entry *entry, int *socket);
/* The next message: 0 or -errno. A child that dies without a word gives CLAUNCH_EXECUTED. */
int claunch_receive(int socket, struct claunch_message *message);
/* Lets the child go on, past a CLAUNCH_AWAIT or to exec. */
int claunch_proceed(int socket);

/* Between clone and exec; not for the parent. */
_Noreturn void claunch_child_main(const struct claunch_plan *plan, int socket);
_Noreturn void claunch_enter_main(const struct claunch_entry *entry, int socket);
void claunch_child_attributes(const struct claunch_process *process, int socket);
void claunch_child_forget_environment(void);
void claunch_child_limits(const struct claunch_process *process, int socket);
/* All that is left for the program: what it has open, its directory and limits; then its rights. */
_Noreturn void claunch_child_run(const struct claunch_process *process, int socket, int terminal);
/* The same in two halves, with a fork between them: what takes our rights, and what the container's are enough for. Of what is open
 * there stay the program's streams, the socket and `null`, unless it is -1. */
void claunch_child_equip(const struct claunch_process *process, int socket, int terminal, int null);
void claunch_child_give_up(const struct claunch_process *process, int socket);
_Noreturn void claunch_child_run_equipped(const struct claunch_process *process, int socket, int terminal);
/* An open null device of the container's, or -1. */
int claunch_child_null(void);
_Noreturn void claunch_child_fail(int socket, int stage, int index);
void claunch_child_wait(int socket);
void claunch_child_send(int socket, int kind, int value, int descriptor);
int claunch_child_step(const struct claunch_step *step, int socket, int *terminal);
int claunch_child_terminal(int socket);
/* A descriptor (O_PATH) of what `path` leads to in the container's root. It is made, with all directories above it,
 * where there is none, and must be of the right kind where there is. */
int claunch_child_place(const char *path, int is_directory);
/* The program's user and rights, and an end with the parent. */
void claunch_child_become(const struct claunch_process *process, int socket);
/* Makes the program's process, equipped, and returns in it; process 1 stays in here. */
int claunch_child_init(const struct claunch_process *process, int socket, int terminal);
#endif
