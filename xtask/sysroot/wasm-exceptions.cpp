// C++ exceptions for code that is compiled with `-fwasm-exceptions`.
//
// This code catches with WebAssembly instructions, and libc++abi has the exception runtime of the
// C++ ABI. This file has what depends on how programs are linked and run.

#include "uncaught.h"

#include <unwind.h>

namespace __cxxabiv1 {

// Defined by libc++abi.
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
    report_none();
}

} // namespace

// As it is built, libc++abi's own default handler prints nothing.
std::terminate_handler __cxa_terminate_handler = report_caught;

extern "C" {

_Unwind_Reason_Code _Unwind_RaiseException(_Unwind_Exception *exception) {
    __throw_exception(exception);
}

// The host calls this with an exception that has left the first function of the program, since
// nothing caught it. Ends the program, or returns if this is not a C++ exception.
void __terminate_uncaught(_Unwind_Exception *exception) {
    if (!__cxxabiv1::__isOurExceptionClass(exception)) {
        return;
    }
    __cxxabiv1::__cxa_begin_catch(exception);
    std::terminate();
}

} // extern "C"
