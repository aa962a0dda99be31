#pragma once

#include <cstddef>
#include <cstdint>

#include "rust/cxx.h"

std::uint32_t mix(std::uint32_t a, std::uint32_t b);
std::size_t length(rust::Str text);
