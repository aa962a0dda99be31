#pragma once

#include <cstdint>

#include "rust/cxx.h"

// Returns the sum of some numbers. Throws `std::invalid_argument` if there are none.
std::int32_t NAME_sum(rust::Slice<const std::int32_t> numbers);
