// C++ exceptions as code has them that is compiled with `-fwasm-exceptions`.
//
// Code catches by itself, and libc++abi has all the rest that the C++ ABI calls the runtime of
// exceptions. Here is what depends on how programs are linked and run.

#include "uncaught.h"

#include <unwind.h>

namespace __cxxabiv1 {

// libc++abi's own.
bool __isOurExceptionClass(const _Unwind_Exception *);

} // namespace __cxxabiv1

extern "C" {

// Throws the program's tag for C++ exceptions. The linker defines it.
[[noreturn]] void __throw_exception(_Unwind_Exception *);

} // extern "C"

namespace {

[[noreturn]] void report_caught() {
    if (const std::type_info *type = __cxxabiv1::__cxa_current_exception_type()) {
        report(__cxxabiv1::__cxa_current_primary_exception(), type);
    }
    std::fflush(nullptr);
    std::fputs("libc++abi: terminating\n", stderr);
    std::abort();
}

} // namespace

// libc++abi's own default handler says nothing, as it is built.
std::terminate_handler __cxa_terminate_handler = report_caught;

extern "C" {

_Unwind_Reason_Code _Unwind_RaiseException(_Unwind_Exception *exception) {
    __throw_exception(exception);
}

// What a program throws and nothing catches, once it has left all of its functions: whoever called the
// first of them ends the program by this. Returns if that is no exception of C++.
void __terminate_uncaught(_Unwind_Exception *exception) {
    if (!__cxxabiv1::__isOurExceptionClass(exception)) {
        return;
    }
    __cxxabiv1::__cxa_begin_catch(exception);
    std::terminate();
}

} // extern "C"
