// C++ exceptions for code that is compiled with `-fexceptions`.
//
// Emscripten leaves the exception runtime of the C++ ABI to JavaScript. This file implements it.
// Types are matched by libc++abi. The Itanium C++ ABI defines everything but the search for a
// handler, which is Emscripten's: the linker writes functions `invoke_*` that catch every
// exception. The code that called one then calls `__cxa_find_matching_catch`, and
// `__resumeException` if there is no handler.

#include "uncaught.h"

#include <cstddef>
#include <cstdint>

namespace {

using std::type_info;

// The header of an exception. The thrown object follows it.
//
// Code that catches gets the address of this header, as natively it gets that of the unwinder's
// header. The size must be 32 bytes: compilers expect the object after that many bytes when a
// pointer is caught by reference.
struct alignas(16) Exception {
    const type_info *type;
    Destructor destructor;
    // The number of exceptions, in flight or caught, and of `std::exception_ptr`s that use the
    // object.
    std::size_t references;
    // The exception with the object. After `std::rethrow_exception` it is another one than this:
    // one object can be thrown and caught in several places at once.
    Exception *primary;
    // The number of running handlers of this exception. Negative while one of them rethrows it.
    int handlers;
    // The exception that was caught before this one.
    Exception *next;
    // The pointer for the handler that was found: to the object, to its base class, or the pointer
    // that was thrown.
    void *adjusted;

    void *object() { return primary + 1; }
};
static_assert(sizeof(Exception) == 32, "the size of the unwinder's header");

Exception *of(void *object) {
    return static_cast<Exception *>(object) - 1;
}

// The exception of the innermost handler.
Exception *caught;
// The exception that was thrown last. Nothing runs between a throw and the search for its handler.
Exception *in_flight;
// The number of exceptions that were thrown and have not reached their handlers.
unsigned uncaught;

void *allocate(std::size_t size) {
    if (void *memory = std::malloc(size)) {
        return memory;
    }
    std::terminate();
}

void release(Exception *primary) {
    if (--primary->references) {
        return;
    }
    if (primary->destructor) {
        // In WebAssembly, destructors return the object, whatever their declared type.
        reinterpret_cast<void *(*)(void *)>(primary->destructor)(primary->object());
    }
    std::free(primary);
}

} // namespace

namespace __cxxabiv1 {

struct __cxa_exception;

} // namespace __cxxabiv1

extern "C" {

// Throws the program's tag for C++ exceptions. The linker defines it.
[[noreturn]] void __throw_exception(Exception *);

// Defined by the compiler's own library. Sets the second result of a function.
void setTempRet0(std::uint32_t);

} // extern "C"

namespace {

[[noreturn]] void raise(Exception *exception) {
    in_flight = exception;
    __throw_exception(exception);
}

[[noreturn]] void report_caught() {
    if (caught) {
        report(caught->object(), caught->type);
    }
    report_none();
}

} // namespace

// The default handler. libc++abi's own does not know which exceptions are caught here.
std::terminate_handler __cxa_terminate_handler = report_caught;

namespace std {

// Defined by libc++abi. Calls a handler, which must not return.
[[noreturn]] void __terminate(terminate_handler) noexcept;

} // namespace std

// `noexcept` code calls this when an exception leaves it. Natively, the exception then counts as
// caught, so that the handler can ask for it. Compilers for WebAssembly do not generate the call
// for that.
void std::terminate() noexcept {
    if (uncaught) {
        __cxxabiv1::__cxa_begin_catch(in_flight);
    }
    std::__terminate(std::get_terminate());
}

extern "C" {

// Throwing

void *__cxa_allocate_exception(std::size_t size) noexcept {
    return static_cast<Exception *>(allocate(sizeof(Exception) + size)) + 1;
}

void __cxa_free_exception(void *object) noexcept {
    std::free(of(object));
}

// Newer versions of `std::make_exception_ptr` call this instead of throwing.
__cxxabiv1::__cxa_exception *__cxa_init_primary_exception(void *object, type_info *type,
                                                          Destructor destructor) noexcept {
    Exception *exception = of(object);
    *exception = {type, destructor, 0, exception, 0, nullptr, nullptr};
    return reinterpret_cast<__cxxabiv1::__cxa_exception *>(exception);
}

void __cxa_throw(void *object, type_info *type, Destructor destructor) {
    __cxa_init_primary_exception(object, type, destructor);
    of(object)->references = 1;
    uncaught++;
    raise(of(object));
}

// `throw;`
void __cxa_rethrow() {
    if (!caught) {
        std::terminate();
    }
    caught->handlers = -caught->handlers;
    uncaught++;
    raise(caught);
}

// Continues an exception after destructors have run.
void __resumeException(Exception *exception) {
    raise(exception);
}

// Catching

// Returns the number that stands for the type of a handler.
std::uintptr_t llvm_eh_typeid_for(const type_info *type) {
    return reinterpret_cast<std::uintptr_t>(type);
}

// Finds the first handler that matches the thrown exception. A null pointer matches every
// exception. Returns the exception and, as second result, the number of the handler's type. The
// number is 0 if no handler matches, or if it is a null pointer.
Exception *__cxa_find_matching_catch(const __shim_type_info **types, std::size_t count) {
    auto thrown = static_cast<const __shim_type_info *>(in_flight->type);
    std::uintptr_t found = 0;
    in_flight->adjusted = in_flight->object();
    for (std::size_t i = 0; i < count && types[i]; i++) {
        void *adjusted = in_flight->object();
        if (types[i]->can_catch(thrown, adjusted)) {
            in_flight->adjusted = adjusted;
            found = llvm_eh_typeid_for(types[i]);
            break;
        }
    }
    setTempRet0(found);
    return in_flight;
}

// Called before a copy constructor copies the exception into the handler's variable.
void *__cxa_get_exception_ptr(void *exception) noexcept {
    return static_cast<Exception *>(exception)->adjusted;
}

void *__cxa_begin_catch(void *header) noexcept {
    auto exception = static_cast<Exception *>(header);
    int handlers = exception->handlers;
    exception->handlers = (handlers < 0 ? -handlers : handlers) + 1;
    if (exception != caught) {
        exception->next = caught;
        caught = exception;
    }
    uncaught--;
    return exception->adjusted;
}

void __cxa_end_catch() {
    Exception *exception = caught;
    if (!exception) {
        return;
    }
    if (exception->handlers < 0) {
        // It was rethrown, so it must not be destroyed.
        if (++exception->handlers == 0) {
            caught = exception->next;
        }
    } else if (--exception->handlers == 0) {
        caught = exception->next;
        Exception *primary = exception->primary;
        if (primary != exception) {
            std::free(exception);
        }
        release(primary);
    }
}

// Called when an exception violates the exception specification of a function.
[[noreturn]] void __cxa_call_unexpected(Exception *exception) {
    __cxa_begin_catch(exception);
    std::terminate();
}

// The host calls this with an exception that has left the first function of the program, since
// nothing caught it. Ends the program, or returns if this is not a C++ exception.
void __terminate_uncaught(Exception *exception) {
    if (exception == in_flight) {
        std::terminate();
    }
}

// Queries

type_info *__cxa_current_exception_type() {
    return caught ? const_cast<type_info *>(caught->type) : nullptr;
}

bool __cxa_uncaught_exception() noexcept {
    return uncaught != 0;
}

unsigned __cxa_uncaught_exceptions() noexcept {
    return uncaught;
}

// std::exception_ptr

void *__cxa_current_primary_exception() noexcept {
    if (!caught) {
        return nullptr;
    }
    caught->primary->references++;
    return caught->object();
}

void __cxa_increment_exception_refcount(void *object) noexcept {
    if (object) {
        of(object)->references++;
    }
}

void __cxa_decrement_exception_refcount(void *object) noexcept {
    if (object) {
        release(of(object));
    }
}

void __cxa_rethrow_primary_exception(void *object) {
    if (!object) {
        return;
    }
    Exception *primary = of(object);
    auto exception = static_cast<Exception *>(allocate(sizeof(Exception)));
    *exception = {primary->type, nullptr, 1, primary, 0, nullptr, nullptr};
    primary->references++;
    uncaught++;
    raise(exception);
}

} // extern "C"
