// The function that this C++ library offers, and the one that it needs from another module.
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

// Written in Rust, in the crate `calc`. Returns left + right, wrapping around on overflow.
TOOLBOX_IMPORT(add) int32_t add(int32_t left, int32_t right);

// Written in C++. Calls `add`, and returns 1 + x.
TOOLBOX_EXPORT int32_t foo(int32_t x);

#ifdef __cplusplus
}
#endif
