// What the two halves of the tour offer each other. All of it lies in one memory, so a pointer means the same
// to both. Whoever allocates frees: `malloc` and Rust's allocator share the memory, not their blocks.
#pragma once

#include <emscripten/em_macros.h>
#include <stddef.h>

struct Point {
    double x, y;
};

extern "C" {

// In C++. Prints a line.
void cpp_print(const char* line);

// In C++. Calls `visit` with each word of `text`; the word is C++'s and ends with the call.
void cpp_split(const char* text, void (*visit)(void* context, const char* word), void* context);

// In C++. The mean of `count` points, which stay the caller's.
Point cpp_centroid(const Point* points, size_t count);

// In C++. `text` in capitals, allocated by C++: to be given back to `cpp_free`.
char* cpp_shout(const char* text);
void cpp_free(char* text);

// The moves that a tower of so many disks takes: each half asks the other for the tower that is one smaller.
int cpp_hanoi(int disks);
int rust_hanoi(int disks); // in Rust

}
