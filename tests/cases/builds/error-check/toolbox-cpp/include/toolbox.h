// What the C++ library offers, and what it asks of whoever links it.
#pragma once

#include <stdint.h>

#ifdef __EMSCRIPTEN__
#include <emscripten/em_macros.h>
#define TOOLBOX_EXPORT EMSCRIPTEN_KEEPALIVE
#define TOOLBOX_IMPORT(name) EM_IMPORT(name)
#else
#define TOOLBOX_EXPORT
#define TOOLBOX_IMPORT(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Written in Rust: the crate `calc`. Returns left + right, wrapping around on overflow.
TOOLBOX_IMPORT(add) int64_t add(int64_t left);

// Written in C++. Returns 1 + x, by asking Rust.
TOOLBOX_EXPORT int32_t fooo(int32_t x);

#ifdef __cplusplus
}
#endif
