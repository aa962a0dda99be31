#include <stdio.h>

// Variables and functions of Rust.
extern int rust_count;
extern int rust_limit;
int rust_twice(int x);

// Variables that Rust uses.
int c_limit = 40;
int (*c_callback)(int) = rust_twice;

// The address of a variable of libc, in code and in data.
static FILE *c_stream;
static FILE **c_streams[] = {&c_stream};

int c_exported(void) { return 7; }

int price$total(int x) {
    rust_count += x;
    *c_streams[0] = stdout;
    fprintf(c_stream, "C: %d of %d\n", rust_count, rust_limit);
    return c_callback(x);
}
