/* plugins/inproc-c/runner_c.c -- the in-process runner for shared objects with a C ABI.
 *
 * assay_app.h is what the application sees, and runner/runner.h what assay does. Nothing here tells
 * calls or allocations: a shared object has no profiler, and any language may be behind it, with an
 * allocator of its own. For the same reason its memory is the resident set of the process. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "inproc-c/assay_app.h"
#include "runner/answer.h"
#include "runner/runner.h"

#define HEADERS_MAX 100
#define PATH_BYTES  4096

static struct {
    int (*call)(const struct assay_request *request, struct assay_response *response);
    void (*close)(void);
} application;

_Static_assert(sizeof(struct assay_header) == sizeof(struct runner_header) &&
                   offsetof(struct assay_header, value) == offsetof(struct runner_header, value),
               "the headers of a case are handed over as they are");

static bool refuse(char *ret_error, const char *what, const char *remedy)
{
    snprintf(ret_error, RUNNER_TEXT_MAX, "%s: %s", what, remedy);
    return false;
}

static bool check_spec(const struct runner_spec *spec, char *ret_error)
{
    if (spec->interface[0] != '\0')
        return refuse(ret_error, spec->interface,
                      "that is an interface of Python; a shared object has one, see assay_app.h");
    if (strcmp(spec->gc, "on") != 0)
        return refuse(ret_error, spec->gc,
                      "a shared object has no garbage collector that could be told; leave it 'on'");
    return true;
}

/* dlopen() searches the system's folders for a name without '/': here it is always a file. */
static bool load(const struct runner_spec *spec, void **ret_object, char *ret_error)
{
    char path[PATH_BYTES];
    bool absolute = spec->app[0] == '/';

    if (snprintf(path, sizeof(path), "%s%s%s", absolute ? "" : spec->folder, absolute ? "" : "/",
                 spec->app) >= (int)sizeof(path))
        return refuse(ret_error, spec->app, "the path is too long");
    *ret_object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*ret_object == NULL)
        return refuse(ret_error, "not a shared object that can be loaded", dlerror());
    return true;
}

static bool start(int (*open)(void), char *ret_error)
{
    int failed = open != NULL ? open() : 0;

    if (failed != 0)
        snprintf(ret_error, RUNNER_TEXT_MAX, "assay_app_open() returned %d", failed);
    return failed == 0;
}

/* The least that an application can do. */
static int answer_hello(const struct assay_request *request, struct assay_response *response)
{
    static const struct assay_header headers[] = {
        {"Content-Type", "text/plain"}
    };

    (void)request;
    response->headers = headers;
    response->header_count = 1;
    response->body = "Hello World!";
    response->body_len = strlen("Hello World!");
    return 0;
}

static bool c_open(const struct runner_spec *spec, struct runner_facts *ret_facts, char *ret_error)
{
    const char *(*version)(void);
    int (*open)(void);
    void *object;

    if (!check_spec(spec, ret_error))
        return false;
    snprintf(ret_facts->runtime, sizeof(ret_facts->runtime), "C ABI");
    if (spec->app[0] == '\0') {
        application.call = answer_hello;
        return true;
    }
    if (!load(spec, &object, ret_error))
        return false;
    /* POSIX promises that a function fits into what dlsym() returns. */
    *(void **)&application.call = dlsym(object, "assay_app");
    *(void **)&application.close = dlsym(object, "assay_app_close");
    *(void **)&open = dlsym(object, "assay_app_open");
    *(void **)&version = dlsym(object, "assay_app_version");
    if (application.call == NULL)
        return refuse(ret_error, spec->app, "has no function assay_app(); see assay_app.h");
    if (!start(open, ret_error))
        return false;
    snprintf(ret_facts->version, sizeof(ret_facts->version), "%s",
             version != NULL ? version() : "");
    return true;
}

static bool hand_over(const struct assay_response *response, struct answer *ret_answer,
                      char *ret_error)
{
    static struct answer_header headers[HEADERS_MAX];

    if (response->header_count > HEADERS_MAX)
        return refuse(ret_error, "the answer", "has more than 100 headers");
    for (size_t i = 0; i < response->header_count; i++) {
        const struct assay_header *header = &response->headers[i];

        headers[i] = (struct answer_header){ .name = header->name,
                                             .value = header->value,
                                             .name_len = strlen(header->name),
                                             .value_len = strlen(header->value) };
    }
    *ret_answer = (struct answer){ .status = response->status,
                                   .headers = headers,
                                   .header_count = response->header_count,
                                   .body = response->body,
                                   .body_len = response->body_len };
    return true;
}

static bool c_answer(const struct runner_case *one, size_t index, struct answer *ret_answer,
                     char *ret_error)
{
    struct assay_request request = { .method = one->method,
                                     .path = one->path,
                                     .query = one->query,
                                     .headers = (const struct assay_header *)one->headers,
                                     .header_count = one->header_count,
                                     .body = one->body,
                                     .body_len = one->body_len };
    struct assay_response response = { .status = 200, .body = "" };
    int failed = application.call(&request, &response);

    (void)index;
    if (failed == 0)
        return hand_over(&response, ret_answer, ret_error);
    snprintf(ret_error, RUNNER_TEXT_MAX, "assay_app() returned %d", failed);
    return false;
}

static void c_close(void)
{
    if (application.close != NULL)
        application.close();
}

int main(void)
{
    static const struct runner_ops ops = { .open = c_open, .answer = c_answer, .close = c_close };

    return runner_main(&ops);
}
