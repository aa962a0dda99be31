// What a program gets when it starts: its environment and its name.
//
// Emscripten's libc reads both in constructors. With `host fuse --preinit`, constructors run long
// before the program starts. They then read nothing, and the first function that needs the
// environment or the name reads it.

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <wasi/api.h>

#include "runtime.h"

// The host sets this while it runs constructors before the program starts. The variable must be in
// a data segment, although it is zero: newer linkers write a start function that clears the other
// zero variables, and that function would run after the host has set this one.
__attribute__((section(".data.preinitializing"))) int __preinitializing;

extern char **__environ, *__progname, *__progname_full;

// Not the program's own `malloc`, whose constructors may not have run.
void *emscripten_builtin_malloc(size_t size);

static void read_environment(void) {
    size_t count, size;
    if (__wasi_environ_sizes_get(&count, &size)) {
        return;
    }
    char **variables = emscripten_builtin_malloc((count + 1) * sizeof *variables + size);
    if (variables &&
        !__wasi_environ_get((uint8_t **)variables, (uint8_t *)(variables + count + 1))) {
        variables[count] = NULL;
        __environ = variables;
    }
}

// The value of `__environ` for musl's functions, which are compiled to call this.
char ***__environ_location(void) {
    static bool is_read;
    if (!is_read && !__environ) {
        read_environment();
    }
    is_read = true;
    return &__environ;
}

// Fills `environ` for code that uses the variable directly.
void __emscripten_environ_constructor(void) {
    if (!__preinitializing) {
        __environ_location();
    }
}

// Reads the program's name, which is its first argument.
static void read_name(char *name, size_t size) {
    size_t count, length;
    if (__wasi_args_sizes_get(&count, &length) || count == 0) {
        return;
    }
    char **arguments = malloc(count * sizeof *arguments + length);
    if (arguments && !__wasi_args_get((uint8_t **)arguments, (uint8_t *)(arguments + count))) {
        strlcpy(name, arguments[0], size);
    }
    free(arguments);
}

// libc's constructor calls this with a buffer of zeros, which becomes `__progname_full`.
void _emscripten_get_progname(char *name, int size) {
    if (!__preinitializing) {
        read_name(name, size);
    }
}

// The value of `__progname` for `err` and similar functions, which are compiled to call this.
char **__progname_location(void) {
    if (__progname_full && !*__progname_full) {
        read_name(__progname_full, PATH_MAX);
        const char *slash = strrchr(__progname_full, '/');
        __progname = slash ? (char *)slash + 1 : __progname_full;
    }
    return &__progname;
}
