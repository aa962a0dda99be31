// Target: wasm32-wasi
// Flags: -std=c++17 -fno-exceptions
// An extension in C++: it uses the C++ library.
#include <map>
#include <sstream>
#include <string>

#include "python.h"

namespace {

// Counts the letters of a text: "a1 b2".
PyObject *letters(PyObject *, PyObject *arguments) {
    const char *text;
    if (!PyArg_ParseTuple(arguments, "s", &text)) {
        return nullptr;
    }
    std::map<char, int> counts;
    for (char letter : std::string(text)) {
        counts[letter]++;
    }
    std::ostringstream result;
    for (const auto &[letter, count] : counts) {
        result << letter << count << ' ';
    }
    return PyUnicode_FromString(result.str().c_str());
}

PyMethodDef methods[] = {
    {"letters", letters, METH_VARARGS, "Counts the letters of a text."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef module = {
    1, nullptr, nullptr, 0, nullptr, "extension_cpp", nullptr, -1, methods, {},
};

} // namespace

extern "C" PyObject *PyInit_extension_cpp() {
    return PyModule_Create2(&module, PYTHON_API_VERSION);
}
