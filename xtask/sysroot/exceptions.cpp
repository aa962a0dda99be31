// C++ exceptions as code has them that is compiled with `-fexceptions`.
//
// Emscripten leaves to JavaScript what the C++ ABI calls the runtime of exceptions. This is it, over
// libc++abi's own matching of types. It follows the Itanium C++ ABI where that says something; what is
// Emscripten's is how a handler is found: the linker writes functions `invoke_*` that catch, after
// which the code asks `__cxa_find_matching_catch`, and calls `__resumeException` if there is no
// handler.

#include "uncaught.h"

#include <cstddef>
#include <cstdint>

namespace {

using std::type_info;

// What lies before the object that is thrown.
//
// Code that catches has its address, as natively that of the header for the unwinder. To it belong 32
// bytes, behind which compilers look for the object where a pointer is caught by reference.
struct alignas(16) Exception {
    const type_info *type;
    Destructor destructor;
    // How many exceptions in flight or caught and `std::exception_ptr`s there are of the object.
    std::size_t references;
    // The exception that has the object: another one after `std::rethrow_exception`, since one object
    // can be thrown and caught in several places at once.
    Exception *primary;
    // Of how many handlers that run it is; negative while one of them throws it again.
    int handlers;
    // What was caught before.
    Exception *next;
    // The object as the handler that was found wants it: a base class, or what a pointer points to.
    void *adjusted;

    void *object() { return primary + 1; }
};
static_assert(sizeof(Exception) == 32, "as a header for the unwinder");

Exception *of(void *object) {
    return static_cast<Exception *>(object) - 1;
}

// The innermost handler's.
Exception *caught;
// What was thrown last. Nothing runs between a throw and the search for its handler.
Exception *in_flight;
// What was thrown and has not reached its handler.
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
        // In WebAssembly destructors return the object, whatever their type says.
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

// Of the compiler's own library: the second result of a function.
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
    std::fflush(nullptr);
    std::fputs("libc++abi: terminating\n", stderr);
    std::abort();
}

} // namespace

// The handler that a program starts with: libc++abi's own knows nothing of what is caught here.
std::terminate_handler __cxa_terminate_handler = report_caught;

namespace std {

// libc++abi's: calls a handler, which may not return.
[[noreturn]] void __terminate(terminate_handler) noexcept;

} // namespace std

// Code that may not be left by an exception calls this when it is. Natively the exception counts as caught
// then, so that handlers can ask for it; compilers for WebAssembly leave that out.
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

// Goes on after destructors have run on the way.
void __resumeException(Exception *exception) {
    raise(exception);
}

// Catching

// A handler's type as the number by which code knows it.
std::uintptr_t llvm_eh_typeid_for(const type_info *type) {
    return reinterpret_cast<std::uintptr_t>(type);
}

// Finds the first of the handlers that fits what was thrown: a null pointer catches all. Returns the
// exception, and as second result the type of the handler, 0 if it is none or catches all.
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

// For an object whose constructor copies the exception into the handler's variable.
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
        // It was thrown again, so it stays.
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

// What a function throws against its specification.
[[noreturn]] void __cxa_call_unexpected(Exception *exception) {
    __cxa_begin_catch(exception);
    std::terminate();
}

// What a program throws and nothing catches, once it has left all of its functions: whoever called the
// first of them ends the program by this. Returns if that is no exception of C++.
void __terminate_uncaught(Exception *exception) {
    if (exception == in_flight) {
        std::terminate();
    }
}

// What there is to know of them

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
