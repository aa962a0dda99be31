// Written by `cargo xtask build-all` from the crate `tour` with cbindgen. Change that instead.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tour.h"

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// One half of the towers of Hanoi. The other half is in C++; each calls the other.
int rust_hanoi(int disks);

/// The function that `host run --invoke tour` calls. Returns the moves for ten disks.
int tour(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus
