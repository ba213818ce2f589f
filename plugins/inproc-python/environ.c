/* What each call gets a copy of: the environ of PEP 3333, the scope of ASGI 3. */
#include "inproc-python/python_priv.h"

#include <ctype.h>

#define CLIENT_HOST "127.0.0.1"
#define CLIENT_PORT 50000 /* nobody listens there; applications only print it */
#define SERVER_NAME "127.0.0.1"
#define SERVER_PORT 8080

/* Takes the reference to `value`, which may be NULL with an exception set. */
static bool put(PyObject *dict, const char *key, PyObject *value)
{
    bool fine = value != NULL && PyDict_SetItemString(dict, key, value) == 0;

    Py_XDECREF(value);
    return fine;
}

/* PEP 3333: text is bytes decoded as Latin-1. */
static PyObject *latin1(const char *text)
{
    return PyUnicode_DecodeLatin1(text, (Py_ssize_t)strlen(text), NULL);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 becomes A; what is no escape stays as it is. As bytes. */
static PyObject *unquoted(const char *path)
{
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)strlen(path));
    char *to = bytes != NULL ? PyBytes_AS_STRING(bytes) : NULL;

    if (bytes == NULL)
        return NULL;
    while (*path != '\0') {
        int high = path[0] == '%' ? hex_digit(path[1]) : -1;
        int low = high >= 0 ? hex_digit(path[2]) : -1;

        *to++ = low >= 0 ? (char)(high * 16 + low) : *path;
        path += low >= 0 ? 3 : 1;
    }
    _PyBytes_Resize(&bytes, to - PyBytes_AS_STRING(bytes));
    return bytes;
}

static PyObject *unquoted_text(const char *path, const char *encoding)
{
    PyObject *bytes = unquoted(path);
    PyObject *text = bytes != NULL ? PyUnicode_FromEncodedObject(bytes, encoding, "replace") : NULL;

    Py_XDECREF(bytes);
    return text;
}

/* ---- WSGI ---- */

/* "Content-Type" is CONTENT_TYPE, "X-Y" is HTTP_X_Y. */
static bool put_header(PyObject *env, const struct runner_header *header)
{
    char name[256];
    bool bare = strcasecmp(header->name, "content-type") == 0 ||
                strcasecmp(header->name, "content-length") == 0;

    snprintf(name, sizeof(name), "%s%s", bare ? "" : "HTTP_", header->name);
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return put(env, name, latin1(header->value));
}

static bool put_request(PyObject *env, const struct runner_case *one)
{
    bool fine = put(env, "REQUEST_METHOD", latin1(one->method)) &&
                put(env, "SCRIPT_NAME", latin1("")) &&
                put(env, "PATH_INFO", unquoted_text(one->path, "latin-1")) &&
                put(env, "QUERY_STRING", latin1(one->query)) &&
                put(env, "SERVER_NAME", latin1(SERVER_NAME)) &&
                put(env, "SERVER_PORT", PyUnicode_FromFormat("%d", SERVER_PORT)) &&
                put(env, "SERVER_PROTOCOL", latin1("HTTP/1.1")) &&
                put(env, "REMOTE_ADDR", latin1(CLIENT_HOST)) &&
                put(env, "REMOTE_PORT", PyUnicode_FromFormat("%d", CLIENT_PORT));

    if (fine && one->body_len > 0)
        fine = put(env, "CONTENT_LENGTH", PyUnicode_FromFormat("%zu", one->body_len));
    for (size_t i = 0; fine && i < one->header_count; i++)
        fine = put_header(env, &one->headers[i]);
    return fine;
}

static bool put_wsgi(PyObject *env)
{
    PyObject *errors = PySys_GetObject("stderr");

    /* wsgi.input is replaced in each copy; its place is made here, so that no copy has to grow. */
    return put(env, "wsgi.version", Py_BuildValue("(ii)", 1, 0)) &&
           put(env, "wsgi.url_scheme", latin1("http")) &&
           put(env, "wsgi.input", Py_NewRef(Py_None)) &&
           put(env, "wsgi.errors", Py_XNewRef(errors)) &&
           put(env, "wsgi.multithread", Py_NewRef(Py_False)) &&
           put(env, "wsgi.multiprocess", Py_NewRef(Py_False)) &&
           put(env, "wsgi.run_once", Py_NewRef(Py_False));
}

PyObject *environ_new(const struct runner_case *one)
{
    PyObject *env = PyDict_New();

    if (env != NULL && put_request(env, one) && put_wsgi(env))
        return env;
    Py_XDECREF(env);
    return NULL;
}

/* ---- ASGI ---- */

static bool add_header(PyObject *list, const char *name, const char *value)
{
    char lower[256];
    PyObject *pair;
    bool fine;

    snprintf(lower, sizeof(lower), "%s", name);
    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    pair = Py_BuildValue("(yy)", lower, value);
    fine = pair != NULL && PyList_Append(list, pair) == 0;
    Py_XDECREF(pair);
    return fine;
}

static PyObject *header_list(const struct runner_case *one)
{
    PyObject *list = PyList_New(0);
    char length[32];
    bool fine = list != NULL;

    for (size_t i = 0; fine && i < one->header_count; i++)
        fine = add_header(list, one->headers[i].name, one->headers[i].value);
    snprintf(length, sizeof(length), "%zu", one->body_len);
    if (fine && one->body_len > 0)
        fine = add_header(list, "content-length", length);
    if (!fine)
        Py_CLEAR(list);
    return list;
}

PyObject *scope_new(const struct runner_case *one, PyObject *state)
{
    PyObject *scope = PyDict_New();
    bool fine =
        scope != NULL && put(scope, "type", latin1("http")) &&
        put(scope, "asgi", Py_BuildValue("{s:s,s:s}", "version", "3.0", "spec_version", "2.3")) &&
        put(scope, "http_version", latin1("1.1")) &&
        put(scope, "server", Py_BuildValue("(si)", SERVER_NAME, SERVER_PORT)) &&
        put(scope, "client", Py_BuildValue("(si)", CLIENT_HOST, CLIENT_PORT)) &&
        put(scope, "scheme", latin1("http")) && put(scope, "method", latin1(one->method)) &&
        put(scope, "root_path", latin1("")) &&
        put(scope, "path", unquoted_text(one->path, "utf-8")) &&
        put(scope, "raw_path", PyBytes_FromString(one->path)) &&
        put(scope, "query_string", PyBytes_FromString(one->query)) &&
        put(scope, "headers", header_list(one));

    if (fine && state != NULL)
        fine = put(scope, "state", Py_NewRef(state));
    if (!fine)
        Py_CLEAR(scope);
    return scope;
}
