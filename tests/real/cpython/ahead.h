// Functions of libc that ask the host. The program defines them, so they are called instead of
// libc's own.
//
// Nothing may ask the host while CPython is initialised ahead: each run would have another answer.
// Meanwhile these answer as on a machine without files, environment, clock or random numbers. Later
// they ask as libc does.

#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

// Whether CPython is being initialised.
static bool is_ahead;

// Libc's own functions, by its other names for them.
char **__wasilibc_get_environ(void);
int __clock_gettime(clockid_t clock, struct timespec *time);
int __getentropy(void *bytes, size_t size);
int __isatty(int file);
off_t __lseek(int file, off_t offset, int from);

static int fail(int error) {
    errno = error;
    return -1;
}

// Libc's variable has what the environment is when the program starts.
static char *no_variables[] = {NULL};
char **environ = no_variables;

char *getenv(const char *name) {
    size_t length = strlen(name);
    char **variable = is_ahead ? no_variables : __wasilibc_get_environ();
    for (; *variable; variable++) {
        if (!strncmp(*variable, name, length) && (*variable)[length] == '=') {
            return *variable + length + 1;
        }
    }
    return NULL;
}

// In libc, to put a variable without a value is to remove it.
int unsetenv(const char *name) {
    return is_ahead ? 0 : putenv((char *)name);
}

// Libc reads the default locale from the environment, and has no other than this.
char *setlocale(int category, const char *locale) {
    (void)category;
    return !locale || !*locale || !strcmp(locale, "C") ? "C" : NULL;
}

// So hashes of texts are the same in all runs.
int getentropy(void *bytes, size_t size) {
    if (is_ahead) {
        memset(bytes, 0, size);
        return 0;
    }
    return __getentropy(bytes, size);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (is_ahead) {
        *now = (struct timespec){0};
        return 0;
    }
    return __clock_gettime(clock, now);
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) {
        *result = now.tv_sec;
    }
    return now.tv_sec;
}

ssize_t readlink(const char *path, char *target, size_t size) {
    return is_ahead ? fail(ENOENT) : readlinkat(AT_FDCWD, path, target, size);
}

// Open files are the standard streams. CPython makes its own objects of them.
int fstat(int file, struct stat *status) {
    *status = (struct stat){.st_mode = S_IFCHR};
    if (is_ahead) {
        return 0;
    }
    __wasi_filestat_t found;
    __wasi_errno_t error = __wasi_fd_filestat_get(file, &found);
    if (error) {
        return fail(error);
    }
    mode_t modes[] = {
        [__WASI_FILETYPE_DIRECTORY] = S_IFDIR, [__WASI_FILETYPE_REGULAR_FILE] = S_IFREG,
        [__WASI_FILETYPE_SYMBOLIC_LINK] = S_IFLNK, [__WASI_FILETYPE_CHARACTER_DEVICE] = S_IFCHR,
    };
    bool is_known = found.filetype < sizeof modes / sizeof *modes;
    *status = (struct stat){
        .st_dev = found.dev,
        .st_ino = found.ino,
        .st_mode = is_known ? modes[found.filetype] : 0,
        .st_nlink = found.nlink,
        .st_size = (off_t)found.size,
        .st_mtim.tv_sec = (time_t)(found.mtim / 1000000000),
        .st_mtim.tv_nsec = (long)(found.mtim % 1000000000),
    };
    return 0;
}

int isatty(int file) {
    return is_ahead ? 0 : __isatty(file);
}

// Returns the position in an open file.
off_t __wasilibc_tell(int file) {
    return is_ahead ? fail(ESPIPE) : __lseek(file, 0, SEEK_CUR);
}
