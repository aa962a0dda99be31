// What a program gets when it starts: its environment and its name.
//
// With `host fuse --preinit`, constructors run long before the program starts. They then read
// nothing, and the first function that needs the environment or the name reads it.
//
// Emscripten's libc reads both in constructors too, with `malloc`. Here that would be most of the
// code of a small program: what is read stays, so it needs only memory.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <wasi/api.h>

// The host sets this while it runs constructors before the program starts. The variable must be in
// a data segment, although it is zero: newer linkers write a start function that clears the other
// zero variables, and that function would run after the host has set this one.
__attribute__((section(".data.preinitializing"))) int __preinitializing;

char **__environ;
char *__progname, *__progname_full;

#define ALIAS(type, name, of) extern type name __attribute__((weak, alias(#of)));

ALIAS(char **, ___environ, __environ)
ALIAS(char **, _environ, __environ)
ALIAS(char **, environ, __environ)
ALIAS(char *, program_invocation_short_name, __progname)
ALIAS(char *, program_invocation_name, __progname_full)

// Returns memory for a list of `count` strings of `size` bytes, or NULL.
static char **allocate(size_t count, size_t size) {
    const size_t alignment = 16;
    size_t bytes = count * sizeof(char *) + size;
    void *memory = sbrk((intptr_t)((bytes + alignment - 1) / alignment * alignment));
    return memory == (void *)-1 ? NULL : memory;
}

static void read_environment(void) {
    size_t count, size;
    if (__wasi_environ_sizes_get(&count, &size)) {
        return;
    }
    char **variables = allocate(count + 1, size);
    if (variables &&
        !__wasi_environ_get((uint8_t **)variables, (uint8_t *)(variables + count + 1))) {
        variables[count] = NULL;
        __environ = variables;
    }
}

// Reads the program's name, which is its first argument.
static void read_name(void) {
    size_t count, size;
    __progname = __progname_full = "";
    if (__wasi_args_sizes_get(&count, &size) || count == 0) {
        return;
    }
    char **arguments = allocate(count, size);
    if (arguments && !__wasi_args_get((uint8_t **)arguments, (uint8_t *)(arguments + count))) {
        const char *slash = strrchr(arguments[0], '/');
        __progname = slash ? (char *)slash + 1 : arguments[0];
        __progname_full = arguments[0];
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

// The value of `__progname` for `err` and similar functions, which are compiled to call this.
char **__progname_location(void) {
    if (!__progname) {
        read_name();
    }
    return &__progname;
}

// Fills the variables for code that uses them directly. The linker has `__leave_environment` called
// instead in a program without such code. A call of a weak function is an import, which it decides.
__attribute__((weak)) void __fill_environment(void) {
    __environ_location();
    __progname_location();
}

void __leave_environment(void) {}

__attribute__((constructor(100))) void __emscripten_environ_constructor(void) {
    if (!__preinitializing) {
        __fill_environment();
    }
}
