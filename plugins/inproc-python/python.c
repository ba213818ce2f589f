/* The CPython runner: starts the interpreter, loads the application, answers runner.c. */
#include "inproc-python/python_priv.h"

#include <malloc.h>

#include "base/clock.h"

/* So that asyncio's own cost is a figure of about three digits. */
#define DRIVER_ROUNDS 10
#define DRIVER_CALLS  200

/* tools/embed makes them of floor.py, look.py and loop.py. */
extern const char python_floor[], python_look[], python_loop[];

enum driving { DRIVE_WSGI, DRIVE_ASGI_DIRECTLY, DRIVE_ASGI_IN_LOOP };

static struct {
    PyObject *app;
    PyObject *floor, *look, *loop; /* our modules; loop NULL for WSGI */
    PyObject *drive;               /* loop.drive */
    struct prepared *cases;
    size_t case_count;
    enum driving driving;
    bool timed;
} self;

/* ---- the interpreter ---- */

static bool started(PyStatus status, char *ret_error)
{
    if (!PyStatus_Exception(status))
        return true;
    return python_refuse(ret_error, "start Python: %s",
                         status.err_msg != NULL ? status.err_msg : "it did not say why not");
}

/* Of a process that is only looked into, the C library allocates every object, so that it can tell
 * how many bytes are in use; pymalloc, which is faster and does not tell, has the timed ones. */
static bool preinitialize(bool timed, char *ret_error)
{
    PyPreConfig config;

    PyPreConfig_InitPythonConfig(&config);
    if (!timed)
        config.allocator = PYMEM_ALLOCATOR_MALLOC;
    return started(Py_PreInitialize(&config), ret_error);
}

/* The Python of a virtual environment finds its packages by where it lies itself. */
static PyStatus name_program(PyConfig *config)
{
    const char *environment = getenv("VIRTUAL_ENV");
    char path[4096] = "/usr/bin/python3";

    if (environment != NULL && environment[0] != '\0')
        snprintf(path, sizeof(path), "%s/bin/python3", environment);
    return PyConfig_SetBytesString(config, &config->program_name, path);
}

static bool initialize(bool timed, char *ret_error)
{
    PyConfig config;
    PyStatus status;

    if (!preinitialize(timed, ret_error))
        return false;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    config.faulthandler = 1;   /* a crash leaves the Python lines behind where it happened */
    config.buffered_stdio = 0; /* and what was printed before */
    config.safe_path = 1;      /* the folder is put in front by hand */
    status = name_program(&config);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return started(status, ret_error) && ((callable_ready() && wsgi_ready() && asgi_ready()) ||
                                          python_failed("the runner", ret_error));
}

/* A module made of a text that this program carries. */
static PyObject *own_module(const char *name, const char *text)
{
    PyObject *module = PyModule_New(name);
    PyObject *names = module != NULL ? PyModule_GetDict(module) : NULL;
    PyObject *code = NULL, *result = NULL;

    if (names != NULL && PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins()) == 0)
        code = Py_CompileString(text, name, Py_file_input);
    if (code != NULL)
        result = PyEval_EvalCode(code, names, names);
    Py_XDECREF(code);
    if (result == NULL)
        Py_CLEAR(module);
    Py_XDECREF(result);
    return module;
}

/* ---- the application ---- */

/* "a.b" of a module; "make()" is called. */
static PyObject *find_name(PyObject *module, char *name)
{
    PyObject *found = Py_NewRef(module);
    char *parens = strstr(name, "()"), *rest = name, *part;

    if (parens != NULL)
        *parens = '\0';
    while (found != NULL && (part = strsep(&rest, ".")) != NULL) {
        PyObject *next = PyObject_GetAttrString(found, part);

        Py_DECREF(found);
        found = next;
    }
    if (found != NULL && parens != NULL) {
        PyObject *made = PyObject_CallNoArgs(found);

        Py_DECREF(found);
        found = made;
    }
    return found;
}

static bool add_folder(const char *folder)
{
    PyObject *path = PySys_GetObject("path");
    PyObject *text = PyUnicode_DecodeFSDefault(folder);
    bool fine = path != NULL && text != NULL && PyList_Insert(path, 0, text) == 0;

    Py_XDECREF(text);
    return fine;
}

static bool load(const struct runner_spec *spec, char *ret_error)
{
    char name[512];
    char *colon;
    PyObject *module;

    snprintf(name, sizeof(name), "%s", spec->app);
    colon = strchr(name, ':');
    if (colon == NULL)
        return python_refuse(ret_error, "'%s': write the application as module:name", spec->app);
    *colon = '\0';
    if (!add_folder(spec->folder))
        return python_failed("sys.path", ret_error);
    module = PyImport_ImportModule(name);
    if (module == NULL)
        return python_failed("the import", ret_error);
    self.app = find_name(module, colon + 1);
    Py_DECREF(module);
    if (self.app == NULL)
        return python_failed("the import", ret_error);
    if (!PyCallable_Check(self.app))
        return python_refuse(ret_error, "%s is no application: it cannot be called", spec->app);
    return true;
}

static bool load_floor(bool asgi, char *ret_error)
{
    self.app = PyObject_GetAttrString(self.floor, asgi ? "asgi" : "wsgi");
    return self.app != NULL || python_failed("the floor", ret_error);
}

/* True or false as the function of our module says; -1 with an exception. */
static int ask_module(PyObject *module, const char *name, PyObject *argument)
{
    PyObject *answer = PyObject_CallMethod(module, name, "O", argument);
    int is_true = answer != NULL ? PyObject_IsTrue(answer) : -1;

    Py_XDECREF(answer);
    return is_true;
}

static bool is_asgi(const struct runner_spec *spec, bool *ret_asgi, char *ret_error)
{
    int answer = strcmp(spec->interface, "asgi") == 0;

    if (spec->interface[0] == '\0' && self.app != NULL)
        answer = ask_module(self.look, "is_asgi", self.app);
    *ret_asgi = answer == 1;
    return answer >= 0 || python_failed("the application", ret_error);
}

static bool prepare(const struct runner_spec *spec, bool asgi, PyObject *state, char *ret_error)
{
    self.cases = calloc(spec->case_count, sizeof(*self.cases));
    self.case_count = spec->case_count;
    if (self.cases == NULL)
        return python_refuse(ret_error, "out of memory");
    for (size_t i = 0; i < spec->case_count; i++) {
        const struct runner_case *one = &spec->cases[i];

        self.cases[i].template = asgi ? scope_new(one, state) : environ_new(one);
        self.cases[i].body = PyBytes_FromStringAndSize(one->body, (Py_ssize_t)one->body_len);
        if (self.cases[i].template == NULL || self.cases[i].body == NULL)
            return python_failed("the request", ret_error);
    }
    return true;
}

/* ---- the calls ---- */

/* (status, headers, body) of loop.drive() into the response. */
static bool take_answer(PyObject *answer)
{
    PyObject *headers, *body;

    if (!PyArg_ParseTuple(answer, "iO!S", &response.status, &PyList_Type, &headers, &body))
        return false;
    response.headers = Py_NewRef(headers);
    return response_add(body);
}

static bool call_in_loop(PyObject *app, const struct prepared *one, char *ret_error)
{
    PyObject *scope = asgi_scope(one);
    PyObject *args[] = { NULL, app, scope, one->body };
    PyObject *answer = NULL;
    bool fine;

    response_reset();
    if (scope != NULL) {
        if (meter_on)
            meter_begin();
        answer =
            PyObject_Vectorcall(self.drive, args + 1, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        if (meter_on)
            meter_end();
    }
    fine = answer != NULL && take_answer(answer);
    Py_XDECREF(answer);
    Py_XDECREF(scope);
    return fine || python_failed("the application", ret_error);
}

static bool call_app(PyObject *app, size_t index, char *ret_error)
{
    const struct prepared *one = &self.cases[index];

    switch (self.driving) {
    case DRIVE_WSGI:
        return wsgi_call(app, one, ret_error);
    case DRIVE_ASGI_DIRECTLY:
        return asgi_call(app, one, ret_error);
    case DRIVE_ASGI_IN_LOOP:
        return call_in_loop(app, one, ret_error);
    }
    return false;
}

static bool python_answer(const struct runner_case *one, size_t index, struct answer *ret_answer,
                          char *ret_error)
{
    (void)one;
    return call_app(self.app, index, ret_error) && response_answer(ret_answer, ret_error);
}

/* ---- ASGI: with or without a loop ---- */

static bool use_directly(bool yes, char *ret_error)
{
    PyObject *done = PyObject_CallMethod(self.loop, "use_directly", "i", yes);

    Py_XDECREF(done);
    return done != NULL || python_failed("asyncio", ret_error);
}

/* Every case is tried in a loop first; where none ever waits, and none needs the task that a loop
 * would put around it, the loop is left out. */
static bool choose_driving(char *ret_error)
{
    bool waits = false;

    for (size_t i = 0; i < self.case_count && !waits; i++) {
        PyObject *scope = asgi_scope(&self.cases[i]);
        PyObject *answer = scope != NULL ? PyObject_CallMethod(self.loop, "waits", "OOO", self.app,
                                                               scope, self.cases[i].body)
                                         : NULL;

        Py_XDECREF(scope);
        if (answer == NULL)
            return python_failed("the application", ret_error);
        waits = PyObject_IsTrue(answer) == 1;
        Py_DECREF(answer);
    }
    self.driving = DRIVE_ASGI_IN_LOOP;
    if (waits)
        return true;
    self.driving = DRIVE_ASGI_DIRECTLY;
    if (!use_directly(true, ret_error))
        return false;
    for (size_t i = 0; i < self.case_count; i++)
        if (!asgi_call(self.app, &self.cases[i], ret_error)) {
            self.driving = DRIVE_ASGI_IN_LOOP;
            return use_directly(false, ret_error);
        }
    return true;
}

/* A call, in the shortest round: the first ones warm up, and neighbours only add to the others. */
static bool time_floor(PyObject *floor, enum driving driving, int64_t *ret_ns, char *ret_error)
{
    int64_t least_ns = INT64_MAX;
    bool fine = true;

    self.driving = driving;
    for (int round = 0; fine && round < DRIVER_ROUNDS; round++) {
        struct mono begun = mono_now();
        int64_t round_ns;

        for (int i = 0; fine && i < DRIVER_CALLS; i++)
            fine = call_app(floor, 0, ret_error);
        round_ns = mono_diff_ns(begun, mono_now());
        least_ns = round_ns < least_ns ? round_ns : least_ns;
    }
    *ret_ns = least_ns / DRIVER_CALLS;
    return fine;
}

/* What the loop adds to each call: an application that does nothing costs so much more in it. */
static bool measure_driver(int64_t *ret_ns, char *ret_error)
{
    PyObject *floor = PyObject_GetAttrString(self.floor, "asgi");
    int64_t bare_ns = 0, looped_ns = 0;
    bool fine = floor != NULL && time_floor(floor, DRIVE_ASGI_DIRECTLY, &bare_ns, ret_error) &&
                time_floor(floor, DRIVE_ASGI_IN_LOOP, &looped_ns, ret_error);

    self.driving = DRIVE_ASGI_IN_LOOP;
    *ret_ns = looped_ns > bare_ns ? looped_ns - bare_ns : 0;
    Py_XDECREF(floor);
    return fine;
}

static bool meter_loop(char *ret_error)
{
    PyObject *library = PyObject_GetAttrString(self.loop, "library");
    const char *folder = library != NULL ? PyUnicode_AsUTF8(library) : NULL;

    meter_in_loop(folder);
    Py_XDECREF(library); /* the module keeps it */
    return folder != NULL || python_failed("asyncio", ret_error);
}

static bool open_asgi(const struct runner_spec *spec, struct runner_facts *facts, char *ret_error)
{
    PyObject *state;
    bool fine;

    self.loop = own_module(LOOP_FILE, python_loop);
    self.drive = self.loop != NULL ? PyObject_GetAttrString(self.loop, "drive") : NULL;
    state = self.drive != NULL ? PyObject_CallMethod(self.loop, "startup", "O", self.app) : NULL;
    if (state == NULL)
        return python_failed("the application's start-up", ret_error);
    fine = prepare(spec, true, PyDict_Size(state) > 0 ? state : NULL, ret_error) &&
           choose_driving(ret_error);
    Py_DECREF(state);
    if (!fine || self.driving == DRIVE_ASGI_DIRECTLY)
        return fine;
    snprintf(facts->driver, sizeof(facts->driver), "asyncio");
    return meter_loop(ret_error) && measure_driver(&facts->driver_ns, ret_error);
}

/* ---- opening ---- */

static bool set_collector(const char *gc, char *ret_error)
{
    PyObject *module, *done;

    if (strcmp(gc, "off") == 0) {
        PyGC_Disable();
        return true;
    }
    if (strcmp(gc, "frozen") != 0)
        return true;
    PyGC_Collect();
    module = PyImport_ImportModule("gc");
    done = module != NULL ? PyObject_CallMethod(module, "freeze", NULL) : NULL;
    Py_XDECREF(module);
    Py_XDECREF(done);
    return done != NULL || python_failed("gc.freeze()", ret_error);
}

/* Looking for it loads modules that the application did not ask for: not where time is taken. */
static bool find_version(struct runner_facts *facts, char *ret_error)
{
    PyObject *version = PyObject_CallMethod(self.look, "version_of", "O", self.app);
    const char *text = version != NULL ? PyUnicode_AsUTF8(version) : NULL;

    if (text != NULL)
        snprintf(facts->version, sizeof(facts->version), "%s", text);
    Py_XDECREF(version);
    return text != NULL || python_failed("the application's version", ret_error);
}

static bool python_open(const struct runner_spec *spec, struct runner_facts *ret_facts,
                        char *ret_error)
{
    bool floor = spec->app[0] == '\0', asgi;

    self.timed = spec->timed;
    if (!initialize(spec->timed, ret_error))
        return false;
    snprintf(ret_facts->runtime, sizeof(ret_facts->runtime), "CPython %.*s",
             (int)strcspn(Py_GetVersion(), " "), Py_GetVersion());
    self.floor = own_module("assay_floor", python_floor);
    self.look = own_module("assay_look", python_look);
    if (self.floor == NULL || self.look == NULL)
        return python_failed("the runner", ret_error);
    if (!(floor || load(spec, ret_error)) || !is_asgi(spec, &asgi, ret_error) ||
        (floor && !load_floor(asgi, ret_error)))
        return false;
    snprintf(ret_facts->interface, sizeof(ret_facts->interface), asgi ? "asgi" : "wsgi");
    if (!(asgi ? open_asgi(spec, ret_facts, ret_error) : prepare(spec, false, NULL, ret_error)))
        return false;
    if (!spec->timed && !find_version(ret_facts, ret_error))
        return false;
    return set_collector(spec->gc, ret_error);
}

static void python_close(void)
{
    PyObject *done = NULL;
    char why[RUNNER_TEXT_MAX];

    if (self.loop == NULL)
        return;
    if (self.driving != DRIVE_ASGI_DIRECTLY || use_directly(false, why))
        done = PyObject_CallMethod(self.loop, "shutdown", NULL);
    if (done == NULL)
        PyErr_Clear();
    Py_XDECREF(done);
}

/* ---- looking closer ---- */

/* Once without counting, so that what a first call leaves in free lists is there, then once with.
 * The collector is off meanwhile: what it happens to free is not this call's. */
static bool metered(PyObject *app, enum meter_what what, char *ret_error)
{
    int was_on = PyGC_Disable();
    bool fine = call_app(app, 0, ret_error);

    if (fine) {
        meter_arm(what);
        fine = call_app(app, 0, ret_error);
        meter_disarm();
    }
    if (was_on)
        PyGC_Enable();
    return fine;
}

/* What the loop and the driver allocate for an application that does nothing, beyond what that one
 * allocates itself: their share of every call. */
static bool driver_allocations(int64_t *ret_share, char *ret_error)
{
    PyObject *floor = PyObject_GetAttrString(self.floor, "asgi");
    bool fine = floor != NULL && metered(floor, METER_ALLOCATIONS, ret_error);
    int64_t looped = meter_count().allocations;

    self.driving = DRIVE_ASGI_DIRECTLY;
    fine = fine && metered(floor, METER_ALLOCATIONS, ret_error);
    self.driving = DRIVE_ASGI_IN_LOOP;
    *ret_share = looped - meter_count().allocations;
    Py_XDECREF(floor);
    return fine;
}

static bool python_profile(struct runner_profile *ret_profile, char *ret_error)
{
    struct meter_count count;
    int64_t share = 0;

    if (self.driving == DRIVE_ASGI_IN_LOOP && !driver_allocations(&share, ret_error))
        return false;
    if (!metered(self.app, METER_ALLOCATIONS, ret_error) ||
        !metered(self.app, METER_CALLS, ret_error))
        return false;
    count = meter_count();
    ret_profile->tcalls = count.tcalls;
    ret_profile->funcs = count.funcs;
    ret_profile->allocations = count.allocations - share;
    return true;
}

/* Bytes in use: every object is the C library's in a process that is not timed. Where the collector
 * is off nothing is collected here either: then cycles are growth, as they are in such a server. */
static int64_t python_memory(void)
{
    struct mallinfo2 in_use;

    PyGC_Collect();
    in_use = mallinfo2();
    return (int64_t)(in_use.uordblks + in_use.hblkhd);
}

int main(void)
{
    static const struct runner_ops ops = { .open = python_open,
                                           .answer = python_answer,
                                           .profile = python_profile,
                                           .memory_bytes = python_memory,
                                           .close = python_close };

    return runner_main(&ops);
}
