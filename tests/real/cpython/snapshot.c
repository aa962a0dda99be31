// Target: wasm32-wasi
// A program that initialises CPython in a constructor, so that `host fuse --preinit` does it ahead.
// The module `encodings`, which that needs, is in the program: see freeze.py.
#include <stdio.h>
#include <wchar.h>

#include "ahead.h"
#include "python.h"

typedef struct {
    const char *name;
    const unsigned char *code;
    int size;
    int is_package;
    PyObject *(*get_code)(void);
} Frozen;

#include "frozen.h"

extern const Frozen *PyImport_FrozenModules;
extern int Py_DontWriteBytecodeFlag, Py_IgnoreEnvironmentFlag, Py_IsolatedFlag, Py_NoSiteFlag;
extern int Py_UTF8Mode;

void Py_SetPythonHome(const wchar_t *path);
void Py_InitializeEx(int handle_signals);
int Py_FinalizeEx(void);
int PyRun_SimpleString(const char *code);
PyObject *PyImport_AddModule(const char *name);
PyObject *PyObject_GetAttrString(PyObject *object, const char *name);
long PyLong_AsLong(PyObject *number);

__attribute__((constructor)) static void initialise(void) {
    is_ahead = true;
    PyImport_FrozenModules = modules;
    Py_DontWriteBytecodeFlag = Py_IgnoreEnvironmentFlag = Py_IsolatedFlag = Py_NoSiteFlag = 1;
    Py_UTF8Mode = 1;
    Py_SetPythonHome(L"/usr/local");
    Py_InitializeEx(0);
    PyRun_SimpleString("numbers = []");
    is_ahead = false;
}

// Appends a number to a list of Python's, and returns the sum of all.
int add(int number) {
    char code[64];
    snprintf(code, sizeof code, "numbers.append(%d)\ntotal = sum(numbers)", number);
    PyRun_SimpleString(code);
    return (int)PyLong_AsLong(PyObject_GetAttrString(PyImport_AddModule("__main__"), "total"));
}

// Runs its argument. Python's `os.environ` is empty: it was copied when CPython was initialised.
int main(int argc, char **argv) {
    int status = argc == 2 ? PyRun_SimpleString(argv[1]) : 2;
    return Py_FinalizeEx() ? 1 : abs(status);
}
