// Declarations that the files of the runtime share.

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

// The functions that Emscripten leaves to JavaScript are not a stable interface. This macro tells
// older versions from newer ones where they differ. If the type of a function still does not match,
// the linker reports it.
#define EMSCRIPTEN_BEFORE(major, minor, tiny)                                                      \
    (__EMSCRIPTEN_MAJOR__ * 1000000 + __EMSCRIPTEN_MINOR__ * 1000 + __EMSCRIPTEN_TINY__ <          \
     (major) * 1000000 + (minor) * 1000 + (tiny))

// Emscripten's error numbers are those of WASI, and its whole libc relies on that.
_Static_assert(ENOENT == __WASI_ERRNO_NOENT && EACCES == __WASI_ERRNO_ACCES &&
                   ENOSYS == __WASI_ERRNO_NOSYS && EXDEV == __WASI_ERRNO_XDEV,
               "errno and WASI number errors alike");

// Returns the result of a system call for an `error` of WASI: 0, or a negated errno. Only WASI has
// `ENOTCAPABLE`. Unix uses `EACCES` for what is not permitted.
static inline int outcome(__wasi_errno_t error) {
    return error == __WASI_ERRNO_NOTCAPABLE ? -EACCES : -(int)error;
}

// A path in the form that WASI expects: relative to an open directory.
struct location {
    __wasi_fd_t fd;
    const char *path;
    char buffer[PATH_MAX];
};

// Converts `path`, which may be relative to `fd`. Returns 0, or a negated errno.
int locate(int fd, const char *path, struct location *out);

// Declares `place` as the location of `path`. On failure, returns the error from the surrounding
// system call.
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
