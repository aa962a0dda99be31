// The end of a program that throws an exception which nothing catches.

#pragma once

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include <private_typeinfo.h>

namespace __cxxabiv1 {

// Declared once more as weak: it is in a library of its own, which takes part only in programs that
// call it themselves.
extern "C" [[gnu::weak]] char *__cxa_demangle(const char *, char *, std::size_t *, int *);

} // namespace __cxxabiv1

extern "C" {

// Defined by libc, or by the host in its place.
bool __host_demangle(const char *name, char *text, std::size_t size);

} // extern "C"

namespace {

using __cxxabiv1::__shim_type_info;

// The type of the destructor that `__cxa_throw` takes. Its return type differs between versions.
template <class Destructor>
Destructor destructor_of(void (*)(void *, std::type_info *, Destructor));
using Destructor = decltype(destructor_of(__cxxabiv1::__cxa_throw));

// Prints to the standard error. `printf` would be most of the code of a small program.
void print(const char *text) {
    std::fputs(text, stderr);
}

// Prints the name of a type in source notation, or its mangled name if nothing can demangle it.
void print_name(const char *name) {
    char text[1024];
    if (__host_demangle(name, text, sizeof text)) {
        print(text);
        return;
    }
    char *demangled = nullptr;
    if (__cxxabiv1::__cxa_demangle) {
        demangled = __cxxabiv1::__cxa_demangle(name, nullptr, nullptr, nullptr);
    }
    print(demangled ? demangled : name);
}

// Prints the message that libc++abi prints natively, after everything that was printed before, and
// ends the program.
[[noreturn]] void report(void *thrown, const std::type_info *type) {
    std::fflush(nullptr);
    print("libc++abi: terminating with uncaught exception of type ");
    print_name(type->name());
    auto exception = static_cast<const __shim_type_info *>(&typeid(std::exception));
    if (exception->can_catch(static_cast<const __shim_type_info *>(type), thrown)) {
        print(": ");
        print(static_cast<std::exception *>(thrown)->what());
    }
    print("\n");
    std::abort();
}

// Does the same if there is no exception.
[[noreturn]] void report_none() {
    std::fflush(nullptr);
    print("libc++abi: terminating\n");
    std::abort();
}

} // namespace
