// Paths and the working directory.
//
// WASI has neither absolute paths nor a working directory. It has preopened directories, each with
// a name, and opens paths relative to these. So a path is first made absolute. Then the preopened
// directory is used whose name is its longest prefix.
//
// In this file, absolute paths do not start with a slash: the root is the empty string.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"

struct preopen {
    __wasi_fd_t fd;
    size_t length;
    char *name;
};

static struct preopen *preopens;
static size_t preopen_count;

static char working_directory[PATH_MAX];

// Appends the components of `path` to `base`, which has `length` bytes. Returns the new length, or
// a negated errno. The component before `..` may be a symbolic link, which only the host can
// resolve. So `..` is kept, unless `lexical` is set.
static int join(char base[PATH_MAX], size_t length, const char *path, bool lexical) {
    while (*(path += strspn(path, "/"))) {
        size_t size = strcspn(path, "/");
        bool here = size == 1 && path[0] == '.';
        bool up = size == 2 && path[0] == '.' && path[1] == '.';
        if (up && (lexical || length == 0)) {
            const char *slash = memrchr(base, '/', length);
            length = slash ? slash - base : 0;
        } else if (!here) {
            if (length + size + 2 > PATH_MAX) {
                return -ENAMETOOLONG;
            }
            if (length) {
                base[length++] = '/';
            }
            memcpy(base + length, path, size);
            length += size;
        }
        path += size;
    }
    base[length] = '\0';
    return length;
}

static int absolute(char out[PATH_MAX], const char *path, bool lexical) {
    size_t length = *path == '/' ? 0 : strlcpy(out, working_directory, PATH_MAX);
    return join(out, length, path, lexical);
}

// Adds the preopened directory `fd`. Returns whether there is one.
static bool add_preopen(__wasi_fd_t fd) {
    char name[PATH_MAX] = {0}, path[PATH_MAX];
    __wasi_prestat_t prestat;
    if (__wasi_fd_prestat_get(fd, &prestat) || prestat.u.dir.pr_name_len >= sizeof name ||
        __wasi_fd_prestat_dir_name(fd, (uint8_t *)name, prestat.u.dir.pr_name_len)) {
        return false;
    }
    int length = join(path, 0, name, true);
    struct preopen *longer = realloc(preopens, (preopen_count + 1) * sizeof *preopens);
    char *copy = strdup(path);
    if (length < 0 || !longer || !copy) {
        return false;
    }
    preopens = longer;
    preopens[preopen_count++] = (struct preopen){fd, length, copy};
    return true;
}

static const struct preopen *find_preopen(const char *path) {
    if (!preopen_count) {
        for (__wasi_fd_t fd = STDERR_FILENO + 1; add_preopen(fd); fd++) {
        }
    }
    const struct preopen *found = NULL;
    for (const struct preopen *p = preopens; p < preopens + preopen_count; p++) {
        bool within = strncmp(path, p->name, p->length) == 0 &&
                      (!p->length || !path[p->length] || path[p->length] == '/');
        if (within && (!found || p->length >= found->length)) {
            found = p;
        }
    }
    return found;
}

int locate(int fd, const char *path, struct location *out) {
    if (!*path) {
        return -ENOENT;
    }
    if (fd != AT_FDCWD && *path != '/') {
        out->fd = fd;
        out->path = path;
        return 0;
    }
    int length = absolute(out->buffer, path, false);
    if (length < 0) {
        return length;
    }
    const struct preopen *preopen = find_preopen(out->buffer);
    if (!preopen) {
        return -ENOENT;
    }
    // A path that ends with a slash must be that of a directory.
    if (path[strlen(path) - 1] == '/' && length + 1 < PATH_MAX) {
        strcpy(out->buffer + length, "/");
    }
    const char *rest = out->buffer + preopen->length;
    rest += strspn(rest, "/");
    out->fd = preopen->fd;
    out->path = *rest ? rest : ".";
    return 0;
}

int __syscall_getcwd(char *buffer, size_t size) {
    size_t length = strlen(working_directory) + 2;
    if (size < length) {
        return -ERANGE;
    }
    buffer[0] = '/';
    strcpy(buffer + 1, working_directory);
    return length;
}

int __syscall_chdir(const char *path) {
    char target[PATH_MAX];
    int length = absolute(target, path, true);
    if (length < 0) {
        return length;
    }
    // The root need not exist: the preopened directories may be anywhere.
    if (length || !*path) {
        LOCATE(place, AT_FDCWD, path);
        __wasi_filestat_t stat;
        __wasi_errno_t error = __wasi_path_filestat_get(place.fd, follow_links(true), place.path,
                                                        strlen(place.path), &stat);
        if (error || stat.filetype != __WASI_FILETYPE_DIRECTORY) {
            return error ? outcome(error) : -ENOTDIR;
        }
    }
    strcpy(working_directory, target);
    return 0;
}
