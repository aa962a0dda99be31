// The functions that the two halves of the tour offer each other. They share one memory, so a
// pointer means the same to both. The side that allocates must free: `malloc` and Rust do not share
// a heap.
#pragma once

#include <emscripten/em_macros.h>
#include <stddef.h>

struct Point {
    double x, y;
};

extern "C" {

// In C++. Prints a line.
void cpp_print(const char* line);

// In C++. Calls `visit` with each word of `text`. C++ frees the word after the call.
void cpp_split(const char* text, void (*visit)(void* context, const char* word), void* context);

// In C++. Returns the mean of `count` points, which the caller continues to own.
Point cpp_centroid(const Point* points, size_t count);

// In C++. Returns `text` in capitals, allocated by C++. The caller must pass it to `cpp_free`.
char* cpp_shout(const char* text);
void cpp_free(char* text);

// Return the number of moves for a tower of Hanoi. Each asks the other for a tower with a disk
// less.
int cpp_hanoi(int disks);
int rust_hanoi(int disks); // in Rust

}
