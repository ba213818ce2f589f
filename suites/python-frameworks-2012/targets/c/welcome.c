/* GET /welcome in C, behind a router of one route; every other path is a 404. Beside Python and PHP
 * it shows what is left of a call when hardly anything is done in it. Build, in this folder:
 *
 *     gcc -O2 -shared -fPIC -I../../../../plugins/inproc-c welcome.c -o welcome.so
 */
#include "assay_app.h"

#include <string.h>

struct route {
    const char *method, *path, *body;
};

static const struct route routes[] = {
    {"GET", "/welcome", "Hello World!"}
};

static const struct route *find(const struct assay_request *request)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        if (strcmp(request->path, routes[i].path) == 0 &&
            strcmp(request->method, routes[i].method) == 0)
            return &routes[i];
    return NULL;
}

int assay_app(const struct assay_request *request, struct assay_response *response)
{
    static const struct assay_header headers[] = {
        {"Content-Type", "text/plain"}
    };
    const struct route *route = find(request);

    response->status = route != NULL ? 200 : 404;
    response->headers = headers;
    response->header_count = 1;
    response->body = route != NULL ? route->body : "Not Found";
    response->body_len = strlen(response->body);
    return 0;
}
