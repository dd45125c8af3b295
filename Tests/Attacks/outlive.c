/* outlive FILE: does not want to be killed with its supervisor, makes FILE when that is settled, and stays. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 2 || prctl(PR_SET_PDEATHSIG, 0) < 0) return perror("prctl"), 1;
    if (open(argv[1], O_WRONLY | O_CREAT | O_EXCL, 0600) < 0) return perror(argv[1]), 1;
    for (;;) pause();
}
