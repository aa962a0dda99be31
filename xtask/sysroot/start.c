// What a program is told when it starts: its environment and its name.
//
// Emscripten's libc asks for both in constructors. Those may run long before the program does, when it is
// built (`host fuse --preinit`): then nothing is asked, and the first function that wants to know does so.

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <wasi/api.h>

#include "runtime.h"

// Set by who runs the constructors, while they run before the program does. It is not among the variables that are
// zeros: newer linkers have a start function write these, which would come after who sets it.
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

// What musl's functions, compiled for that, have for `__environ`.
char ***__environ_location(void) {
    static bool is_read;
    if (!is_read && !__environ) {
        read_environment();
    }
    is_read = true;
    return &__environ;
}

// Who uses `environ` by itself finds it filled.
void __emscripten_environ_constructor(void) {
    if (!__preinitializing) {
        __environ_location();
    }
}

// The program's name is its first argument.
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

// Called by libc's constructor, with room for a path of zeros that becomes `__progname_full`.
void _emscripten_get_progname(char *name, int size) {
    if (!__preinitializing) {
        read_name(name, size);
    }
}

// What `err` and its like, compiled for that, have for `__progname`.
char **__progname_location(void) {
    if (__progname_full && !*__progname_full) {
        read_name(__progname_full, PATH_MAX);
        const char *slash = strrchr(__progname_full, '/');
        __progname = slash ? (char *)slash + 1 : __progname_full;
    }
    return &__progname;
}
