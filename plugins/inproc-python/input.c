/* wsgi.input: the request's body with what PEP 3333 asks for (read, readline, readlines,
 * iteration), to the letter of io.BytesIO. A type of our own because a server's is not free either,
 * but need not cost more than this. */
#include "inproc-python/python_priv.h"

struct input {
    PyObject_HEAD PyObject *body;
    Py_ssize_t at;
};

static PyObject *take(struct input *self, Py_ssize_t size)
{
    Py_ssize_t left = PyBytes_GET_SIZE(self->body) - self->at;
    const char *from = PyBytes_AS_STRING(self->body) + self->at;

    if (size < 0 || size > left)
        size = left;
    self->at += size;
    return PyBytes_FromStringAndSize(from, size);
}

/* One argument or none; None and nothing mean all. */
static bool size_of(const char *name, PyObject *const *args, Py_ssize_t count, Py_ssize_t *ret_size)
{
    *ret_size = -1;
    if (count > 1) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most 1 argument (%zd given)", name, count);
        return false;
    }
    if (count == 0 || args[0] == Py_None)
        return true;
    *ret_size = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
    return *ret_size != -1 || PyErr_Occurred() == NULL;
}

static PyObject *input_read(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_ssize_t size;

    return size_of("read", args, count, &size) ? take((struct input *)self, size) : NULL;
}

static Py_ssize_t line_size(const struct input *self)
{
    Py_ssize_t left = PyBytes_GET_SIZE(self->body) - self->at;
    const char *from = PyBytes_AS_STRING(self->body) + self->at;
    const char *end = memchr(from, '\n', (size_t)left);

    return end != NULL ? end + 1 - from : left;
}

static PyObject *input_readline(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct input *self = (struct input *)object;
    Py_ssize_t size, line = line_size(self);

    if (!size_of("readline", args, count, &size))
        return NULL;
    return take(self, size >= 0 && size < line ? size : line);
}

static PyObject *input_next(PyObject *object)
{
    struct input *self = (struct input *)object;
    Py_ssize_t line = line_size(self);

    return line > 0 ? take(self, line) : NULL;
}

/* The hint is how many bytes are enough. */
static PyObject *input_readlines(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct input *self = (struct input *)object;
    Py_ssize_t hint, before = self->at;
    PyObject *lines, *line;

    if (!size_of("readlines", args, count, &hint))
        return NULL;
    lines = PyList_New(0);
    while (lines != NULL && (hint <= 0 || self->at - before < hint) &&
           (line = input_next(object)) != NULL) {
        if (PyList_Append(lines, line) < 0)
            Py_CLEAR(lines);
        Py_DECREF(line);
    }
    return lines;
}

static void input_free(PyObject *object)
{
    Py_XDECREF(((struct input *)object)->body);
    PyObject_Free(object);
}

static PyMethodDef methods[] = {
    {"read",       (PyCFunction)(void (*)(void))input_read,      METH_FASTCALL, NULL},
    { "readline",  (PyCFunction)(void (*)(void))input_readline,  METH_FASTCALL, NULL},
    { "readlines", (PyCFunction)(void (*)(void))input_readlines, METH_FASTCALL, NULL},
    { NULL,        NULL,                                         0,             NULL},
};

static PyTypeObject input_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "assay.input",
    .tp_basicsize = sizeof(struct input),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = input_free,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = input_next,
    .tp_methods = methods,
};

bool input_ready(void)
{
    return PyType_Ready(&input_type) == 0;
}

PyObject *input_new(PyObject *body)
{
    struct input *self = PyObject_New(struct input, &input_type);

    if (self == NULL)
        return NULL;
    self->body = Py_NewRef(body);
    self->at = 0;
    return (PyObject *)self;
}
