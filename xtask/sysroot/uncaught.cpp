// Exceptions for programs in which nothing catches. This libc++ is built without exceptions, so a
// `throw` ends the program, with the same message as natively.

#include "uncaught.h"

// The default handler. As it is built, libc++abi's own prints nothing.
std::terminate_handler __cxa_terminate_handler = report_none;

namespace {

[[noreturn]] void terminate(void *thrown, const std::type_info *type) {
    if (std::get_terminate() != report_none) {
        std::terminate();
    }
    report(thrown, type);
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

// `throw;`. There are no handlers, so it is always outside of one.
void __cxa_rethrow() {
    std::terminate();
}

} // extern "C"
