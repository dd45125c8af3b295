#pragma once

#include <errno.h>

/* What a system call returned, or -errno. */
static inline int result(long value) { return value < 0 ? -errno : (int)value; }
