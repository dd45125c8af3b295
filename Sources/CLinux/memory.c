#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int clinux_sealed_memory(const void *bytes, size_t size) {
    int fd = memfd_create("mydocker", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    ssize_t written = write(fd, bytes, size);
    if (written < 0 || (size_t)written < size
        || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
        int error = written < 0 || (size_t)written == size ? errno : ENOSPC;
        close(fd);
        return -error;
    }
    return fd;
}

int clinux_is_sealed(int fd) {
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_WRITE) != 0;
}
