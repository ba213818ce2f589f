/* What the application answers in the call that is under way. */
#include "inproc-python/python_priv.h"

#include <stdarg.h>

#define BODY_ROOM_FIRST 65536

struct response response;

void response_reset(void)
{
    response.started = response.complete = false;
    response.status = 0;
    response.body_len = 0;
    Py_CLEAR(response.status_line);
    Py_CLEAR(response.headers);
}

static bool make_room(size_t needed)
{
    size_t room = response.body_room > 0 ? response.body_room : BODY_ROOM_FIRST;
    char *body;

    while (room < needed)
        room *= 2;
    body = realloc(response.body, room);
    if (body == NULL) {
        PyErr_NoMemory();
        return false;
    }
    response.body = body;
    response.body_room = room;
    return true;
}

bool response_add(PyObject *piece)
{
    size_t len;

    if (!PyBytes_Check(piece)) {
        PyErr_Format(PyExc_TypeError, "a piece of the body is %.100s, not bytes",
                     Py_TYPE(piece)->tp_name);
        return false;
    }
    len = (size_t)PyBytes_GET_SIZE(piece);
    if (response.body_len + len > response.body_room && !make_room(response.body_len + len))
        return false;
    memcpy(response.body + response.body_len, PyBytes_AS_STRING(piece), len);
    response.body_len += len;
    return true;
}

/* The bytes as they would go over the wire: str must be Latin-1 (PEP 3333). */
static bool wire_bytes(PyObject *object, const char **ret_bytes, size_t *ret_len)
{
    if (PyBytes_Check(object)) {
        *ret_bytes = PyBytes_AS_STRING(object);
        *ret_len = (size_t)PyBytes_GET_SIZE(object);
        return true;
    }
    if (!PyUnicode_Check(object) || PyUnicode_READY(object) < 0 ||
        PyUnicode_KIND(object) != PyUnicode_1BYTE_KIND)
        return false;
    *ret_bytes = (const char *)PyUnicode_1BYTE_DATA(object);
    *ret_len = (size_t)PyUnicode_GET_LENGTH(object);
    return true;
}

static bool read_header(PyObject *pair, struct answer_header *ret_header)
{
    PyObject *name, *value;

    if (PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2) {
        name = PyTuple_GET_ITEM(pair, 0);
        value = PyTuple_GET_ITEM(pair, 1);
    } else if (PyList_Check(pair) && PyList_GET_SIZE(pair) == 2) {
        name = PyList_GET_ITEM(pair, 0);
        value = PyList_GET_ITEM(pair, 1);
    } else {
        return false;
    }
    return wire_bytes(name, &ret_header->name, &ret_header->name_len) &&
           wire_bytes(value, &ret_header->value, &ret_header->value_len);
}

bool response_answer(struct answer *ret_answer, char *ret_error)
{
    static struct answer_header headers[HEADERS_MAX];
    Py_ssize_t count = PyList_GET_SIZE(response.headers);

    if (count > HEADERS_MAX)
        return python_refuse(ret_error, "more than %d headers", HEADERS_MAX);
    for (Py_ssize_t i = 0; i < count; i++)
        if (!read_header(PyList_GET_ITEM(response.headers, i), &headers[i]))
            return python_refuse(ret_error, "header %zd is no pair of %s", i,
                                 response.status_line != NULL ? "str in Latin-1" : "bytes");
    *ret_answer = (struct answer){ .status = response.status,
                                   .headers = headers,
                                   .header_count = (size_t)count,
                                   .body = response.body != NULL ? response.body : "",
                                   .body_len = response.body_len };
    return true;
}

/* ---- sentences ---- */

bool python_refuse(char *ret_error, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(ret_error, RUNNER_TEXT_MAX, fmt, args);
    va_end(args);
    return false;
}

/* ", line 12 of app.py": where it was raised. */
static void add_place(char *text, size_t size, PyObject *traceback)
{
    PyObject *next, *line = NULL, *frame = NULL, *code = NULL, *file = NULL;
    size_t used = strlen(text);

    while (traceback != NULL && traceback != Py_None &&
           (next = PyObject_GetAttrString(traceback, "tb_next")) != NULL) {
        Py_DECREF(next); /* the traceback keeps it */
        if (next == Py_None)
            break;
        traceback = next;
    }
    if (traceback != NULL && traceback != Py_None) {
        line = PyObject_GetAttrString(traceback, "tb_lineno");
        frame = PyObject_GetAttrString(traceback, "tb_frame");
        code = frame != NULL ? PyObject_GetAttrString(frame, "f_code") : NULL;
        file = code != NULL ? PyObject_GetAttrString(code, "co_filename") : NULL;
    }
    if (line != NULL && file != NULL && PyUnicode_Check(file))
        snprintf(text + used, size - used, " (%s, line %ld)", PyUnicode_AsUTF8(file),
                 PyLong_AsLong(line));
    PyErr_Clear();
    Py_XDECREF(line);
    Py_XDECREF(frame);
    Py_XDECREF(code);
    Py_XDECREF(file);
}

bool python_failed(const char *what, char *ret_error)
{
    PyObject *type, *value, *traceback, *text;
    const char *words;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (type == NULL)
        return python_refuse(ret_error, "%s failed without saying why", what);
    text = value != NULL ? PyObject_Str(value) : NULL;
    words = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    PyErr_Clear();
    python_refuse(ret_error, "%s raised %s%s%.2000s", what, ((PyTypeObject *)type)->tp_name,
                  words != NULL && words[0] != '\0' ? ": " : "", words != NULL ? words : "");
    add_place(ret_error, RUNNER_TEXT_MAX, traceback);
    PyErr_Display(type, value, traceback);
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return false;
}
