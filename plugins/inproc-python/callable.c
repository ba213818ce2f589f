/* A function in C that is called from Python without a PyCFunction around it: the profiler does not
 * see it, and what the driver hands to an application is not to be counted as the application's. */
#include "inproc-python/python_priv.h"

struct callable {
    PyObject_HEAD vectorcallfunc call;
};

static PyTypeObject callable_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "assay.callable",
    .tp_basicsize = sizeof(struct callable),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(struct callable, call),
    .tp_call = PyVectorcall_Call,
};

bool callable_ready(void)
{
    return PyType_Ready(&callable_type) == 0;
}

PyObject *callable_new(vectorcallfunc call)
{
    struct callable *self = PyObject_New(struct callable, &callable_type);

    if (self != NULL)
        self->call = call;
    return (PyObject *)self;
}
