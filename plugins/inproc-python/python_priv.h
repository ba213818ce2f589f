/* plugins/inproc-python/python_priv.h -- the CPython runner: what its files share.
 *
 * python.c starts the interpreter, loads the application and speaks to runner.c; environ.c prepares
 * what each call gets a copy of; wsgi.c and asgi.c make the calls, response.c is what comes back;
 * input.c is wsgi.input; meter.c counts calls and allocations.
 *
 * One application a process and one thread, so state is static. A call is timed with everything in
 * it that a server would have to do too (a fresh environ, a fresh input, joining the body, the
 * checks), which is why all of it is C and prepared as far as it can be. */
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

#include "runner/answer.h"
#include "runner/runner.h"

#define HEADERS_MAX 256 /* of one answer */

/* One case, prepared. */
struct prepared {
    PyObject *template; /* the environ or the scope that each call gets a copy of */
    PyObject *body;     /* bytes */
};

/* What the application has answered in the call that is under way. References are held until the
 * next call begins, so that an answer can point into them. */
struct response {
    bool started;  /* start_response() or http.response.start was called */
    bool complete; /* ASGI: the last piece of the body was sent */
    int status;
    PyObject *status_line; /* WSGI: str */
    PyObject *headers;     /* list of pairs: of str (WSGI), of bytes (ASGI) */
    char *body;            /* joined; the buffer is kept from call to call */
    size_t body_len, body_room;
};

/* ---- response.c ---- */
extern struct response response;

void response_reset(void);
/* False with a Python exception: not bytes, or no memory. */
bool response_add(PyObject *piece);
/* The response as bytes. False with a sentence: headers that are no headers. */
bool response_answer(struct answer *ret_answer, char *ret_error);

/* Fills the sentence with the current Python exception and clears it; its traceback goes to stderr.
 * Returns false. */
bool python_failed(const char *what, char *ret_error);
bool python_refuse(char *ret_error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- environ.c ---- NULL with a Python exception. */
PyObject *environ_new(const struct runner_case *one);
PyObject *scope_new(const struct runner_case *one, PyObject *state); /* state may be NULL */

/* ---- callable.c ---- */
bool callable_ready(void);
PyObject *callable_new(vectorcallfunc call);

/* ---- input.c ---- */
bool input_ready(void);
PyObject *input_new(PyObject *body);

/* ---- wsgi.c ---- */
bool wsgi_ready(void);
bool wsgi_call(PyObject *app, const struct prepared *one, char *ret_error);

/* ---- asgi.c ---- */
bool asgi_ready(void);
/* By send(None) alone, for applications that never wait. */
bool asgi_call(PyObject *app, const struct prepared *one, char *ret_error);
/* A fresh copy of the scope, one level down. */
PyObject *asgi_scope(const struct prepared *one);

/* ---- meter.c ---- */

/* Set while one call is being looked at; then the calls above tell where the application begins and
 * ends, so that the driver's own work is not counted. */
extern bool meter_on;
void meter_begin(void);
void meter_end(void);

enum meter_what { METER_CALLS, METER_ALLOCATIONS };
void meter_arm(enum meter_what what);
void meter_disarm(void);

/* Between these two the driver itself works within a call; its memory is not counted. */
bool meter_pause(void);
void meter_resume(bool paused);

struct meter_count {
    int64_t tcalls, funcs, allocations;
};
struct meter_count meter_count(void);

/* In a loop the meter sees the driver's frames and the loop's too. From now on it counts what the
 * application's code does, and Python's library (the files in that folder, which is kept) for it.
 */
void meter_in_loop(const char *library);
#define LOOP_FILE "assay_loop" /* the name that the driver's own code goes by */
