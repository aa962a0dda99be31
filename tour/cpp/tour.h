// The functions that the C++ half of the tour offers to Rust: the build writes `../src/bindings.rs`
// from them. Both halves share one memory, so a pointer means the same to both. The side that
// allocates must free: `malloc` and Rust do not share a heap.
#pragma once

#include <stddef.h>

typedef struct Point {
    double x, y;
} Point;

#ifdef __cplusplus
extern "C" {
#endif

/// Prints a line.
void cpp_print(const char* line);

/// Calls `visit` with each word of `text`. C++ frees the word after the call.
void cpp_split(const char* text, void (*visit)(void* context, const char* word), void* context);

/// Returns the mean of `count` points, which the caller continues to own.
Point cpp_centroid(const Point* points, size_t count);

/// Returns `text` in capitals, allocated by C++. The caller must pass it to `cpp_free`.
char* cpp_shout(const char* text);
void cpp_free(char* text);

/// Returns the moves for a tower of Hanoi. This function and `rust_hanoi` call each other.
int cpp_hanoi(int disks);

#ifdef __cplusplus
}
#endif
