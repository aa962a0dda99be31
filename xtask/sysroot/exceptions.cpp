// Exceptions that nothing catches: libc++ is the one built without exceptions, so a `throw` ends
// the program, and tells why as it does natively.

#include <cxxabi.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <private_typeinfo.h>

namespace {

using __cxxabiv1::__shim_type_info;

// What destroys an exception, as `__cxa_throw` takes it. Versions differ in whether it returns
// something.
template <class Destructor>
Destructor destructor_of(void (*)(void *, std::type_info *, Destructor));
using Destructor = decltype(destructor_of(__cxxabiv1::__cxa_throw));

// Constructors of this library run before any other code can replace the handler.
const std::terminate_handler default_handler = std::get_terminate();

[[noreturn]] void terminate(void *thrown, const std::type_info *type) {
    if (std::get_terminate() != default_handler) {
        std::terminate();
    }
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

extern "C" {

void *__cxa_allocate_exception(std::size_t size) noexcept {
    if (void *memory = std::malloc(size)) {
        return memory;
    }
    std::terminate();
}

void __cxa_free_exception(void *thrown) noexcept {
    std::free(thrown);
}

void __cxa_throw(void *thrown, std::type_info *type, Destructor) {
    terminate(thrown, type);
}

// `throw;` outside of a handler, since there are no handlers.
void __cxa_rethrow() {
    std::terminate();
}

} // extern "C"
