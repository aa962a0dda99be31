// What the sysroot's wasi-libc has in addition to Zig's.

#include <stdbool.h>
#include <stddef.h>

// libc++ calls this to name the type of an exception. Writes the name in source notation if it is
// known and fits, and returns whether it has. `host` defines this function in place of this one;
// other hosts know no such names.
bool __host_demangle(const char *name, char *text, size_t size) {
    (void)name, (void)text, (void)size;
    return false;
}
