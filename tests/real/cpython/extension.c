// Target: wasm32-wasi
// An extension in C: it computes, raises an exception and calls back.
#include "python.h"

static PyObject *factorial(PyObject *self, PyObject *arguments) {
    (void)self;
    int n;
    if (!PyArg_ParseTuple(arguments, "i", &n)) {
        return NULL;
    }
    if (n < 0) {
        PyErr_SetString(PyExc_ValueError, "n is negative");
        return NULL;
    }
    long result = 1;
    for (; n > 1; n--) {
        result *= n;
    }
    return PyLong_FromLong(result);
}

static PyObject *call(PyObject *self, PyObject *arguments) {
    (void)self;
    PyObject *function;
    int value;
    if (!PyArg_ParseTuple(arguments, "Oi", &function, &value)) {
        return NULL;
    }
    return PyObject_CallFunction(function, "i", value);
}

static PyMethodDef methods[] = {
    {"factorial", factorial, METH_VARARGS, "Returns n!."},
    {"call", call, METH_VARARGS, "Calls a function with a number."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef module = {.references = 1, .name = "extension", .size = -1, .methods = methods};

PyObject *PyInit_extension(void) {
    return PyModule_Create2(&module, PYTHON_API_VERSION);
}
