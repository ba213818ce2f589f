/* One call through ASGI 3 without an event loop: the coroutine is run by send(None), and since
 * every receive() and send() is ready at once it runs to its end, unless the application itself
 * waits for something. Those that do are driven by loop.py; python.c finds out which. */
#include "inproc-python/python_priv.h"

static PyObject *text_headers, *text_asgi, *text_state, *text_type, *text_status, *text_body,
    *text_more_body;
static PyObject *receive, *sender, *nothing; /* one each: the call under way is static too */
static PyObject *request_body;               /* of the call under way; NULL: it was received */

/* ---- what receive() and send() give: an awaitable that has its value already ---- */

struct ready {
    PyObject_HEAD PyObject *value;
};

static PySendResult ready_send(PyObject *self, PyObject *sent, PyObject **ret_value)
{
    (void)sent;
    *ret_value = Py_NewRef(((struct ready *)self)->value);
    return PYGEN_RETURN;
}

/* The same for whoever does not know am_send: an iterator that ends at once. */
static PyObject *ready_next(PyObject *self)
{
    PyErr_SetObject(PyExc_StopIteration, ((struct ready *)self)->value);
    return NULL;
}

static void ready_free(PyObject *self)
{
    Py_XDECREF(((struct ready *)self)->value);
    PyObject_Free(self);
}

static PyAsyncMethods ready_async = { .am_await = PyObject_SelfIter, .am_send = ready_send };

static PyTypeObject ready_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "assay.ready",
    .tp_basicsize = sizeof(struct ready),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = ready_free,
    .tp_as_async = &ready_async,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = ready_next,
};

/* Takes the reference to `value`, which may be NULL with an exception set. */
static PyObject *ready_new(PyObject *value)
{
    struct ready *self = value != NULL ? PyObject_New(struct ready, &ready_type) : NULL;

    if (self == NULL)
        Py_XDECREF(value);
    else
        self->value = value;
    return (PyObject *)self;
}

/* ---- receive() and send() ---- */

static PyObject *received(void)
{
    PyObject *body = request_body;

    if (body != NULL) {
        request_body = NULL;
        return ready_new(Py_BuildValue("{s:s,s:O,s:O}", "type", "http.request", "body", body,
                                       "more_body", Py_False));
    }
    if (response.complete)
        return ready_new(Py_BuildValue("{s:s}", "type", "http.disconnect"));
    return PyErr_Format(PyExc_RuntimeError, "the application waits for the client to go away; it "
                                            "did not do so when it was tried");
}

static PyObject *receive_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    PyObject *message;
    bool paused;

    (void)self;
    (void)args;
    if (PyVectorcall_NARGS(nargsf) != 0 || names != NULL)
        return PyErr_Format(PyExc_TypeError, "receive() takes no arguments");
    paused = meter_pause();
    message = received();
    meter_resume(paused);
    return message;
}

static bool start(PyObject *message)
{
    PyObject *status = PyDict_GetItemWithError(message, text_status);
    PyObject *headers = PyDict_GetItemWithError(message, text_headers);
    bool paused;

    if (response.started) {
        PyErr_SetString(PyExc_RuntimeError, "a second http.response.start");
        return false;
    }
    if (status == NULL || !PyLong_Check(status)) {
        PyErr_SetString(PyExc_TypeError, "http.response.start has no status that is a number");
        return false;
    }
    response.status = (int)PyLong_AsLong(status);
    paused = meter_pause();
    response.headers = headers != NULL ? PySequence_List(headers) : PyList_New(0);
    meter_resume(paused);
    response.started = true;
    return response.headers != NULL && PyErr_Occurred() == NULL;
}

static bool add_body(PyObject *message)
{
    PyObject *body = PyDict_GetItemWithError(message, text_body);
    PyObject *more = PyDict_GetItemWithError(message, text_more_body);

    if (!response.started || response.complete) {
        PyErr_SetString(PyExc_RuntimeError, response.complete
                                                ? "http.response.body behind the end of the body"
                                                : "http.response.body before http.response.start");
        return false;
    }
    response.complete = more == NULL || PyObject_IsTrue(more) == 0;
    return body == NULL || response_add(body);
}

static PyObject *send_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    PyObject *type;
    bool fine;

    (void)self;
    if (PyVectorcall_NARGS(nargsf) != 1 || names != NULL || !PyDict_Check(args[0]))
        return PyErr_Format(PyExc_TypeError, "send(message) takes one message, a dict");
    type = PyDict_GetItemWithError(args[0], text_type);
    if (type == NULL || !PyUnicode_Check(type))
        return PyErr_Format(PyExc_TypeError, "a message without a type");
    if (PyUnicode_CompareWithASCIIString(type, "http.response.start") == 0)
        fine = start(args[0]);
    else if (PyUnicode_CompareWithASCIIString(type, "http.response.body") == 0)
        fine = add_body(args[0]);
    else
        return PyErr_Format(PyExc_RuntimeError, "a message of type %R, which no answer has", type);
    return fine ? Py_NewRef(nothing) : NULL;
}

static bool intern(PyObject **ret_text, const char *text)
{
    *ret_text = PyUnicode_InternFromString(text);
    return *ret_text != NULL;
}

bool asgi_ready(void)
{
    if (PyType_Ready(&ready_type) < 0)
        return false;
    receive = callable_new(receive_call);
    sender = callable_new(send_call);
    nothing = ready_new(Py_NewRef(Py_None));
    return receive && sender && nothing && intern(&text_headers, "headers") &&
           intern(&text_asgi, "asgi") && intern(&text_state, "state") &&
           intern(&text_type, "type") && intern(&text_status, "status") &&
           intern(&text_body, "body") && intern(&text_more_body, "more_body");
}

/* ---- the call ---- */

/* Gives `copy` a copy of its own of one of its values. Takes the reference to that. */
static bool own(PyObject *copy, PyObject *key, PyObject *value)
{
    bool fine = value != NULL && PyDict_SetItem(copy, key, value) == 0;

    Py_XDECREF(value);
    return fine;
}

PyObject *asgi_scope(const struct prepared *one)
{
    PyObject *scope = PyDict_Copy(one->template);
    PyObject *headers = PyDict_GetItemWithError(one->template, text_headers);
    PyObject *asgi = PyDict_GetItemWithError(one->template, text_asgi);
    PyObject *state = PyDict_GetItemWithError(one->template, text_state);

    if (scope != NULL && own(scope, text_headers, PyList_GetSlice(headers, 0, PY_SSIZE_T_MAX)) &&
        own(scope, text_asgi, PyDict_Copy(asgi)) &&
        (state == NULL || own(scope, text_state, PyDict_Copy(state))))
        return scope;
    Py_XDECREF(scope);
    return NULL;
}

static bool run_to_end(PyObject *app, PyObject *scope)
{
    PyObject *args[] = { NULL, scope, receive, sender };
    PyObject *coroutine =
        PyObject_Vectorcall(app, args + 1, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    PyObject *result = NULL;
    PySendResult sent;

    if (coroutine == NULL)
        return false;
    if (!PyCoro_CheckExact(coroutine)) {
        PyErr_Format(PyExc_TypeError, "the application gave %R, which is no coroutine", coroutine);
        Py_DECREF(coroutine);
        return false;
    }
    sent = PyIter_Send(coroutine, Py_None, &result);
    if (sent == PYGEN_NEXT)
        PyErr_SetString(PyExc_RuntimeError, "the application waited within a call; it did not do "
                                            "so when it was tried");
    Py_XDECREF(result);
    Py_DECREF(coroutine);
    return sent == PYGEN_RETURN;
}

bool asgi_call(PyObject *app, const struct prepared *one, char *ret_error)
{
    PyObject *scope = asgi_scope(one);
    bool fine = scope != NULL;

    response_reset();
    request_body = one->body;
    if (fine && !meter_on) {
        fine = run_to_end(app, scope);
    } else if (fine) {
        meter_begin();
        fine = run_to_end(app, scope);
        meter_end();
    }
    Py_XDECREF(scope);
    if (!fine)
        return python_failed("the application", ret_error);
    if (!response.complete)
        return python_refuse(ret_error,
                             "the application returned, but its answer was not complete");
    return true;
}
