/* One call through WSGI (PEP 3333), as a server makes it. */
#include "inproc-python/python_priv.h"

static PyObject *start_response, *writer; /* one each: they have no state of their own */
static PyObject *text_input, *text_close, *text_exc_info;

/* ---- start_response() and the write() that it gives ---- */

/* True when the application may go on: after an error it may start again as long as nothing was
 * sent. NULL exc_info: it did not say that there was an error. */
static bool may_start(PyObject *exc_info)
{
    PyObject *type, *value, *traceback;

    if (exc_info == NULL) {
        if (response.started)
            PyErr_SetString(PyExc_AssertionError, "start_response() was called twice");
        return !response.started;
    }
    if (response.body_len == 0)
        return true;
    if (PyArg_ParseTuple(exc_info, "OOO", &type, &value, &traceback))
        PyErr_Restore(Py_NewRef(type), Py_NewRef(value), Py_NewRef(traceback));
    return false;
}

static bool is_digit(Py_UCS1 c)
{
    return c >= '0' && c <= '9';
}

static bool read_status(PyObject *line, int *ret_status)
{
    const Py_UCS1 *text;

    if (!PyUnicode_Check(line) || PyUnicode_READY(line) < 0 ||
        PyUnicode_KIND(line) != PyUnicode_1BYTE_KIND || PyUnicode_GET_LENGTH(line) < 3)
        return false;
    text = PyUnicode_1BYTE_DATA(line);
    if (!is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[2]) || is_digit(text[3]))
        return false;
    *ret_status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    return true;
}

/* *ret_exc_info: the third argument, by position or by name; NULL where it is None or not there. */
static bool read_exc_info(PyObject *const *args, Py_ssize_t count, PyObject *names,
                          PyObject **ret_exc_info)
{
    Py_ssize_t named = names != NULL ? PyTuple_GET_SIZE(names) : 0;
    int is_exc_info =
        named == 0 ? 1 : PyObject_RichCompareBool(PyTuple_GET_ITEM(names, 0), text_exc_info, Py_EQ);

    if (is_exc_info < 0)
        return false;
    if (count < 2 || count + named > 3 || named > 1 || is_exc_info == 0) {
        PyErr_SetString(PyExc_TypeError, "start_response(status, headers, exc_info=None)");
        return false;
    }
    *ret_exc_info = count + named == 3 && args[2] != Py_None ? args[2] : NULL;
    return true;
}

static PyObject *start_response_call(PyObject *self, PyObject *const *args, size_t nargsf,
                                     PyObject *names)
{
    PyObject *exc_info;

    (void)self;
    if (!read_exc_info(args, PyVectorcall_NARGS(nargsf), names, &exc_info) || !may_start(exc_info))
        return NULL;
    if (!read_status(args[0], &response.status))
        return PyErr_Format(PyExc_ValueError, "status %R is no string like '200 OK'", args[0]);
    if (!PyList_Check(args[1]))
        return PyErr_Format(PyExc_TypeError, "the headers are no list but %R", args[1]);
    Py_XSETREF(response.status_line, Py_NewRef(args[0]));
    Py_XSETREF(response.headers, Py_NewRef(args[1]));
    response.started = true;
    return Py_NewRef(writer);
}

static PyObject *write_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    (void)self;
    if (PyVectorcall_NARGS(nargsf) != 1 || names != NULL)
        return PyErr_Format(PyExc_TypeError, "write(data)");
    if (!response_add(args[0]))
        return NULL;
    Py_RETURN_NONE;
}

bool wsgi_ready(void)
{
    start_response = callable_new(start_response_call);
    writer = callable_new(write_call);
    text_input = PyUnicode_InternFromString("wsgi.input");
    text_close = PyUnicode_InternFromString("close");
    text_exc_info = PyUnicode_InternFromString("exc_info");
    return start_response && writer && text_input && text_close && text_exc_info && input_ready();
}

/* ---- the call ---- */

static bool take_piece(PyObject *piece)
{
    if (!response_add(piece))
        return false;
    if (response.started || response.body_len == 0)
        return true;
    PyErr_SetString(PyExc_AssertionError, "the body came before start_response() was called");
    return false;
}

static bool drain(PyObject *iterable)
{
    PyObject *iterator, *piece;
    bool fine = true;

    if (PyList_CheckExact(iterable)) {
        for (Py_ssize_t i = 0; fine && i < PyList_GET_SIZE(iterable); i++)
            fine = take_piece(PyList_GET_ITEM(iterable, i));
        return fine;
    }
    iterator = PyObject_GetIter(iterable);
    if (iterator == NULL)
        return false;
    while (fine && (piece = PyIter_Next(iterator)) != NULL) {
        fine = take_piece(piece);
        Py_DECREF(piece);
    }
    Py_DECREF(iterator);
    return fine && PyErr_Occurred() == NULL;
}

/* Also after an exception, which is kept. */
static bool close_iterable(PyObject *iterable)
{
    PyObject *type, *value, *traceback, *close, *result = NULL;
    bool fine = true;

    if (PyList_CheckExact(iterable))
        return true;
    PyErr_Fetch(&type, &value, &traceback);
    close = PyObject_GetAttr(iterable, text_close);
    if (close != NULL)
        result = PyObject_CallNoArgs(close);
    else
        PyErr_Clear();
    fine = close == NULL || result != NULL;
    Py_XDECREF(close);
    Py_XDECREF(result);
    if (type != NULL)
        PyErr_Restore(type, value, traceback);
    return fine;
}

static bool call_and_drain(PyObject *app, PyObject *env)
{
    PyObject *args[] = { NULL, env, start_response };
    PyObject *iterable =
        PyObject_Vectorcall(app, args + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    bool fine;

    if (iterable == NULL)
        return false;
    fine = drain(iterable);
    fine = close_iterable(iterable) && fine;
    Py_DECREF(iterable);
    return fine;
}

static PyObject *fresh_environ(const struct prepared *one)
{
    PyObject *env = PyDict_Copy(one->template);
    PyObject *input = env != NULL ? input_new(one->body) : NULL;

    if (input == NULL || PyDict_SetItem(env, text_input, input) < 0)
        Py_CLEAR(env);
    Py_XDECREF(input);
    return env;
}

bool wsgi_call(PyObject *app, const struct prepared *one, char *ret_error)
{
    PyObject *env = fresh_environ(one);
    bool fine = env != NULL;

    response_reset();
    if (fine && !meter_on) {
        fine = call_and_drain(app, env);
    } else if (fine) {
        meter_begin();
        fine = call_and_drain(app, env);
        meter_end();
    }
    Py_XDECREF(env);
    if (!fine)
        return python_failed("the application", ret_error);
    if (!response.started)
        return python_refuse(ret_error, "the application did not call start_response()");
    return true;
}
