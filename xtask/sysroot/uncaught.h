// How a program ends that throws what nothing catches.

#pragma once

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include <private_typeinfo.h>

namespace {

using __cxxabiv1::__shim_type_info;

// What destroys an exception, as `__cxa_throw` takes it. Versions differ in whether it returns
// something.
template <class Destructor>
Destructor destructor_of(void (*)(void *, std::type_info *, Destructor));
using Destructor = decltype(destructor_of(__cxxabiv1::__cxa_throw));

// With the message that libc++abi has for it natively; what was printed before comes first.
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
