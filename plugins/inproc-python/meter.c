/* Counts what one call does: function calls as cProfile counts them, and blocks of memory. */
#include "inproc-python/python_priv.h"

#include <stdint.h>

/* Different functions in one request. The largest framework known here (CherryPy) has about 200. */
#define FUNCS_MAX 65536 /* a power of two */

bool meter_on;
static enum meter_what armed;
static int64_t calls, blocks;

/* ---- functions, each once: an open hash table of addresses ---- */

struct function_set {
    const void *slots[FUNCS_MAX];
    int64_t count;
};

static struct function_set seen;

static const void **slot_of(struct function_set *set, const void *function)
{
    size_t at = (size_t)(((uintptr_t)function >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 48);

    while (set->slots[at] != NULL && set->slots[at] != function)
        at = (at + 1) % FUNCS_MAX;
    return &set->slots[at];
}

static bool has(struct function_set *set, const void *function)
{
    return *slot_of(set, function) != NULL;
}

static void add(struct function_set *set, const void *function)
{
    /* Half full is the end: beyond it the table, and not the application, would take the time. */
    if (set->count < FUNCS_MAX / 2 && !has(set, function)) {
        *slot_of(set, function) = function;
        set->count++;
    }
}

/* ---- calls ---- */

static const char *library; /* NULL: no loop */

void meter_in_loop(const char *folder)
{
    library = folder;
}

enum owner { OWNER_APPLICATION, OWNER_DRIVER, OWNER_LIBRARY };

/* What the application stands on may be installed within the library's folder. */
static bool is_library(const char *file)
{
    return strncmp(file, "<frozen ", 8) == 0 ||
           (strncmp(file, library, strlen(library)) == 0 && strstr(file, "-packages/") == NULL);
}

static enum owner owner_of(PyFrameObject *frame)
{
    PyCodeObject *code = PyFrame_GetCode(frame);
    const char *file = PyUnicode_AsUTF8(code->co_filename);
    enum owner owner = OWNER_APPLICATION;

    if (file == NULL)
        PyErr_Clear();
    else if (strcmp(file, LOOP_FILE) == 0)
        owner = OWNER_DRIVER;
    else if (is_library(file))
        owner = OWNER_LIBRARY;
    Py_DECREF(code);
    return owner;
}

/* Python's library turns the loop by itself, wakes tasks and keeps a list of them: in these calls
 * the driver is the next above it. Where the application is, it is at work for that one. */
static bool is_applications(PyFrameObject *frame)
{
    enum owner owner = OWNER_LIBRARY;

    Py_INCREF(frame);
    while (frame != NULL && (owner = owner_of(frame)) == OWNER_LIBRARY) {
        PyFrameObject *caller = PyFrame_GetBack(frame);

        Py_DECREF(frame);
        frame = caller;
    }
    Py_XDECREF(frame);
    return owner == OWNER_APPLICATION;
}

/* Python functions count when a frame is entered or a generator goes on, C functions when they are
 * called from Python: the events from which cProfile makes its total_calls. */
static int on_event(PyObject *self, PyFrameObject *frame, int what, PyObject *argument)
{
    PyCodeObject *code;

    (void)self;
    if (what != PyTrace_CALL && what != PyTrace_C_CALL)
        return 0;
    if (library != NULL && !is_applications(frame))
        return 0;
    if (what == PyTrace_CALL) {
        code = PyFrame_GetCode(frame);
        add(&seen, code);
        Py_DECREF(code);
        calls++;
    } else if (PyCFunction_Check(argument)) {
        add(&seen, ((PyCFunctionObject *)argument)->m_ml);
        calls++;
    }
    return 0;
}

/* ---- memory ---- */

static const PyMemAllocatorDomain domains[] = { PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM,
                                                PYMEM_DOMAIN_OBJ };
#define DOMAINS (sizeof(domains) / sizeof(domains[0]))

static PyMemAllocatorEx below[DOMAINS]; /* the allocators that really work */
static bool counting;
static unsigned depth; /* a large object is a block of the raw domain too: it counts once */

static void enter(bool is_new)
{
    if (counting && depth == 0 && is_new)
        blocks++;
    depth++;
}

static void *counted_malloc(void *context, size_t size)
{
    const PyMemAllocatorEx *under = context;
    void *block;

    enter(true);
    block = under->malloc(under->ctx, size);
    depth--;
    return block;
}

static void *counted_calloc(void *context, size_t count, size_t size)
{
    const PyMemAllocatorEx *under = context;
    void *block;

    enter(true);
    block = under->calloc(under->ctx, count, size);
    depth--;
    return block;
}

/* A block that changes its size is still the same block. */
static void *counted_realloc(void *context, void *old, size_t size)
{
    const PyMemAllocatorEx *under = context;
    void *block;

    enter(old == NULL);
    block = under->realloc(under->ctx, old, size);
    depth--;
    return block;
}

static void counted_free(void *context, void *block)
{
    const PyMemAllocatorEx *under = context;

    under->free(under->ctx, block);
}

static void hook_allocators(void)
{
    for (size_t i = 0; i < DOMAINS; i++) {
        PyMemAllocatorEx hook = { &below[i], counted_malloc, counted_calloc, counted_realloc,
                                  counted_free };

        PyMem_GetAllocator(domains[i], &below[i]);
        PyMem_SetAllocator(domains[i], &hook);
    }
}

/* ---- one call ---- */

void meter_arm(enum meter_what what)
{
    armed = what;
    meter_on = true;
    if (what == METER_ALLOCATIONS) {
        blocks = 0;
        hook_allocators();
    } else {
        calls = 0;
        memset(&seen, 0, sizeof(seen));
    }
}

void meter_begin(void)
{
    if (armed == METER_CALLS)
        PyEval_SetProfile(on_event, NULL);
    else
        counting = true;
}

void meter_end(void)
{
    if (armed == METER_CALLS)
        PyEval_SetProfile(NULL, NULL);
    else
        counting = false;
}

bool meter_pause(void)
{
    bool was = counting;

    counting = false;
    return was;
}

void meter_resume(bool paused)
{
    counting = paused;
}

void meter_disarm(void)
{
    if (armed == METER_ALLOCATIONS)
        for (size_t i = 0; i < DOMAINS; i++)
            PyMem_SetAllocator(domains[i], &below[i]);
    meter_on = false;
}

struct meter_count meter_count(void)
{
    return (struct meter_count){ calls, seen.count, blocks };
}
