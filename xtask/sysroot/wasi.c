// What the sysroot's wasi-libc has in addition to Zig's, or in place of it.
//
// With `host fuse --preinit`, constructors run long before the program starts. So those here read
// nothing then, unlike wasi-libc's own: the first function that needs something reads it.

#include <stdbool.h>
#include <stddef.h>

#include <wasi/api.h>
#include <wasi/libc-environ.h>

// Declared in no header.
void __wasilibc_maybe_reinitialize_environ_eagerly(void);
long long __clock(void);

// The host sets this while it runs constructors before the program starts. The variable must be in
// a data segment, although it is zero: newer linkers write a start function that clears the other
// zero variables, and that function would run after the host has set this one.
__attribute__((section(".data.preinitializing"))) int __preinitializing;

// The environment. This value says that it was not read yet.
char **__wasilibc_environ = (char **)-1;

#define ALIAS(type, name, of) extern type name __attribute__((weak, alias(#of)))

ALIAS(char **, environ, __wasilibc_environ);
ALIAS(char **, _environ, __wasilibc_environ);

// Fills the variables for code that uses them directly. The linker has `__leave_environment` called
// instead in a program without such code. A call of a weak function is an import, which it decides.
__attribute__((weak)) void __fill_environment(void) {
    __wasilibc_initialize_environ();
}

void __leave_environment(void) {}

__attribute__((constructor(50))) static void environ_constructor(void) {
    if (!__preinitializing) {
        __fill_environment();
    }
}

void __wasilibc_maybe_reinitialize_environ_eagerly(void) {
    __wasilibc_initialize_environ();
}

static __wasi_timestamp_t now(void) {
    __wasi_timestamp_t time = 0;
    (void)__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &time);
    return time;
}

// The time at which the program started, or 0.
static __wasi_timestamp_t started;

__attribute__((constructor(10))) static void read_clock(void) {
    if (!__preinitializing) {
        started = now();
    }
}

// The processor time that the program has used. WASI has no such clock, so it is the time since the
// program started.
long long __clock(void) {
    if (!started) {
        started = now();
    }
    return now() - started;
}

__attribute__((weak, alias("__clock"))) long long clock(void);

// libc++ calls this to name the type of an exception. Writes the name in source notation if it is
// known and fits, and returns whether it has. `host` defines this function in place of this one;
// other hosts know no such names.
bool __host_demangle(const char *name, char *text, size_t size) {
    (void)name, (void)text, (void)size;
    return false;
}
