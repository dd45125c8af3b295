#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int current_network(void) { return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC); }

int clinux_enter_network(struct clinux_network *network) {
    *network = (struct clinux_network){.former = current_network(), .own = -1, .route = -1};
    if (network->former < 0) return -errno;
    if (unshare(CLONE_NEWNET) < 0) {
        int error = errno;
        close(network->former);
        return -error;
    }
    network->own = current_network();
    if (network->own >= 0) network->route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (network->route >= 0) return 0;
    int error = errno;
    if (network->own >= 0) close(network->own);
    clinux_leave_network(network);
    return -error;
}

int clinux_visit_network(int target, struct clinux_network *network) {
    *network = (struct clinux_network){.former = current_network(), .own = -1, .route = -1};
    if (network->former < 0) return -errno;
    if (setns(target, CLONE_NEWNET) == 0) return 0;
    int error = errno;
    close(network->former);
    return -error;
}

void clinux_leave_network(const struct clinux_network *network) {
    /* Whatever this process would do in the other one would be done to the wrong network. */
    if (setns(network->former, CLONE_NEWNET) < 0) abort();
    close(network->former);
}

int clinux_is_network(int file) { return ioctl(file, NS_GET_NSTYPE) == CLONE_NEWNET; }
