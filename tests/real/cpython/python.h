// What the extensions here use of CPython's C API. The package that CPython comes from has no
// headers.

#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PyObject PyObject;

typedef struct {
    const char *name;
    PyObject *(*function)(PyObject *self, PyObject *arguments);
    int flags;
    const char *doc;
} PyMethodDef;

typedef struct {
    ptrdiff_t references;
    void *type;
    void *init;
    ptrdiff_t index;
    void *copy;
    const char *name;
    const char *doc;
    ptrdiff_t size;
    PyMethodDef *methods;
    void *others[4];
} PyModuleDef;

#define PYTHON_API_VERSION 1013
#define METH_VARARGS 1

PyObject *PyModule_Create2(PyModuleDef *definition, int version);
int PyArg_ParseTuple(PyObject *arguments, const char *format, ...);
PyObject *PyLong_FromLong(long value);
PyObject *PyUnicode_FromString(const char *text);
PyObject *PyObject_CallFunction(PyObject *callable, const char *format, ...);
void PyErr_SetString(PyObject *type, const char *message);
extern PyObject *PyExc_ValueError;

#ifdef __cplusplus
}
#endif
