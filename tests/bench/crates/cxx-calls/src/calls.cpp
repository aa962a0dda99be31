#include "cxx-calls/src/calls.h"

#include "cxx-calls/src/main.rs.h"

std::uint32_t mix(std::uint32_t a, std::uint32_t b) { return add(a * 31, b); }

std::size_t length(rust::Str text) { return text.size(); }
