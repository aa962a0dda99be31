// The end of a program that throws an exception which nothing catches.

#pragma once

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include <private_typeinfo.h>

namespace {

using __cxxabiv1::__shim_type_info;

// The type of the destructor that `__cxa_throw` takes. Its return type differs between versions.
template <class Destructor>
Destructor destructor_of(void (*)(void *, std::type_info *, Destructor));
using Destructor = decltype(destructor_of(__cxxabiv1::__cxa_throw));

// Prints the message that libc++abi prints natively, after everything that was printed before, and
// ends the program.
[[noreturn]] void report(void *thrown, const std::type_info *type) {
    std::fflush(nullptr);
    char *demangled = __cxxabiv1::__cxa_demangle(type->name(), nullptr, nullptr, nullptr);
    const char *name = demangled ? demangled : type->name();
    std::fprintf(stderr, "libc++abi: terminating with uncaught exception of type %s", name);
    auto exception = static_cast<const __shim_type_info *>(&typeid(std::exception));
    if (exception->can_catch(static_cast<const __shim_type_info *>(type), thrown)) {
        std::fprintf(stderr, ": %s", static_cast<std::exception *>(thrown)->what());
    }
    std::fputs("\n", stderr);
    std::abort();
}

} // namespace
