// What the files of the runtime share.

#pragma once

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include <emscripten/version.h>
#include <wasi/api.h>

// Older versions spell these in lower case.
#ifndef __EMSCRIPTEN_MAJOR__
#define __EMSCRIPTEN_MAJOR__ __EMSCRIPTEN_major__
#define __EMSCRIPTEN_MINOR__ __EMSCRIPTEN_minor__
#define __EMSCRIPTEN_TINY__ __EMSCRIPTEN_tiny__
#endif

// The functions that Emscripten leaves to JavaScript are no stable interface. Where they differ,
// this tells older versions from newer ones; the linker reports a function whose type nevertheless
// does not fit.
#define EMSCRIPTEN_BEFORE(major, minor, tiny)                                                      \
    (__EMSCRIPTEN_MAJOR__ * 1000000 + __EMSCRIPTEN_MINOR__ * 1000 + __EMSCRIPTEN_TINY__ <          \
     (major) * 1000000 + (minor) * 1000 + (tiny))

// Emscripten numbers errors as WASI does, and all of its libc relies on that.
_Static_assert(ENOENT == __WASI_ERRNO_NOENT && EACCES == __WASI_ERRNO_ACCES &&
                   ENOSYS == __WASI_ERRNO_NOSYS && EXDEV == __WASI_ERRNO_XDEV,
               "errno and WASI number errors alike");

// What a system call returns for WASI's `error`: 0, or an errno negated. `ENOTCAPABLE` is WASI's
// own: Unix says `EACCES` to what is not permitted.
static inline int outcome(__wasi_errno_t error) {
    return error == __WASI_ERRNO_NOTCAPABLE ? -EACCES : -(int)error;
}

// A path as WASI takes it: relative to an open directory.
struct location {
    __wasi_fd_t fd;
    const char *path;
    char buffer[PATH_MAX];
};

// Finds where `path` is, which may be relative to `fd`. Returns 0, or an errno negated.
int locate(int fd, const char *path, struct location *out);

// Locates, or returns the error from the system call that this stands in.
#define LOCATE(place, fd, path)                                                                    \
    struct location place;                                                                         \
    do {                                                                                           \
        int failure = locate(fd, path, &place);                                                    \
        if (failure) {                                                                             \
            return failure;                                                                        \
        }                                                                                          \
    } while (false)

static inline __wasi_lookupflags_t follow_links(bool yes) {
    return yes ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0;
}
