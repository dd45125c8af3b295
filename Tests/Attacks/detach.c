/* detach DIRECTORY: mounts the container's cgroup version 2 there, and detaches the program from its root that says which
 * devices may be opened, as far as it is within reach. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr *attributes) {
    return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int main(int argc, char **argv) {
    __u32 ids[16] = {0};
    union bpf_attr query, open_program, detach;
    if (argc != 2 || mount("cgroup2", argv[1], "cgroup2", 0, NULL) < 0) return perror("mount"), 1;
    int root = open(argv[1], O_RDONLY | O_DIRECTORY);
    memset(&query, 0, sizeof query);
    query.query.target_fd = (__u32)root;
    query.query.attach_type = BPF_CGROUP_DEVICE;
    query.query.prog_ids = (__u64)(unsigned long)ids;
    query.query.prog_cnt = 16;
    if (bpf(BPF_PROG_QUERY, &query) < 0) perror("query");
    for (__u32 i = 0; i < query.query.prog_cnt && i < 16; i++) {
        memset(&open_program, 0, sizeof open_program);
        open_program.prog_id = ids[i];
        long program = bpf(BPF_PROG_GET_FD_BY_ID, &open_program);
        memset(&detach, 0, sizeof detach);
        detach.target_fd = (__u32)root;
        detach.attach_bpf_fd = (__u32)program;
        detach.attach_type = BPF_CGROUP_DEVICE;
        if (bpf(BPF_PROG_DETACH, &detach) == 0) fprintf(stderr, "detached\n");
        else perror("detach");
    }
    umount2(argv[1], MNT_DETACH);
    return 0;
}
