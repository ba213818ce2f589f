#include "inproc-php/host.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "inproc-php/php_api.h"
#include "inproc-php/profile.h"
#include "runner/answer.h"

#define BODY_BYTES_MAX (64u << 20)
#define HEADERS_MAX    100
#define HEADS_BYTES    16384
#define WHY_BYTES      1024
#define LOG_LINES_MAX  1000

/* What PHP wants of a case in another form than the protocol has it. */
struct prepared {
    char *request_uri;
    char **server_names; /* of each header: HTTP_ACCEPT; NULL where $_SERVER has another name */
    const char *content_type, *cookie; /* NULL: none */
    char content_length[24];
};

static struct {
    char *script, *script_name; /* "/srv/app/index.php", "/index.php" */
    char *folder;
    struct prepared *prepared;
} application;

/* The request that PHP is at: what it has read, and what it answered so far. */
static struct {
    const struct runner_case *one;
    const struct prepared *prepared;
    size_t body_read;
    int status;
    struct answer_header headers[HEADERS_MAX];
    size_t header_count;
    char heads[HEADS_BYTES]; /* PHP frees its headers before we may look at them */
    size_t heads_len;
    char *body;
    size_t body_len, body_room;
    bool overflow;
    bool died;           /* of a fatal error */
    char why[WHY_BYTES]; /* the last error that PHP knows of, or "" */
} exchange;

/* ---- what PHP asks its server for ---- */

static size_t take_output(const char *text, size_t length)
{
    size_t needed = exchange.body_len + length;

    if (needed > exchange.body_room) {
        size_t room = needed < BODY_BYTES_MAX / 2 ? 2 * needed : BODY_BYTES_MAX;
        char *body = needed <= BODY_BYTES_MAX ? realloc(exchange.body, room) : NULL;

        if (body == NULL) {
            exchange.overflow = true;
            return length;
        }
        exchange.body = body;
        exchange.body_room = room;
    }
    memcpy(exchange.body + exchange.body_len, text, length);
    exchange.body_len += length;
    return length;
}

/* "Name: value" */
static void take_header(const sapi_header_struct *line)
{
    const char *colon = memchr(line->header, ':', line->header_len);
    char *text = exchange.heads + exchange.heads_len;
    struct answer_header *header = &exchange.headers[exchange.header_count];
    size_t skipped;

    if (colon == NULL)
        return;
    if (exchange.header_count == HEADERS_MAX ||
        line->header_len > sizeof(exchange.heads) - exchange.heads_len) {
        exchange.overflow = true;
        return;
    }
    memcpy(text, line->header, line->header_len);
    exchange.heads_len += line->header_len;
    header->name = text;
    header->name_len = (size_t)(colon - line->header);
    skipped = header->name_len + 1;
    while (skipped < line->header_len && text[skipped] == ' ')
        skipped++;
    header->value = text + skipped;
    header->value_len = line->header_len - skipped;
    exchange.header_count++;
}

static int take_headers(sapi_headers_struct *headers)
{
    zend_llist_position at;
    const sapi_header_struct *line = zend_llist_get_first_ex(&headers->headers, &at);

    exchange.status = headers->http_response_code;
    for (; line != NULL; line = zend_llist_get_next_ex(&headers->headers, &at))
        take_header(line);
    return SAPI_HEADER_SENT_SUCCESSFULLY;
}

static size_t give_body(char *buffer, size_t room)
{
    size_t left = exchange.one->body_len - exchange.body_read;
    size_t length = left < room ? left : room;

    memcpy(buffer, exchange.one->body + exchange.body_read, length);
    exchange.body_read += length;
    return length;
}

/* PHP's types lack the const that they mean. */
static char *unconst(const char *text)
{
    return (char *)(uintptr_t)text;
}

static char *give_cookies(void)
{
    return unconst(exchange.prepared->cookie);
}

static void give_variable(const char *name, const char *value, zval *variables)
{
    php_register_variable_safe(name, value, strlen(value), variables);
}

/* As nginx with php-fpm and a front controller would: no PATH_INFO, the address is REQUEST_URI. */
static void give_variables(zval *variables)
{
    const struct runner_case *one = exchange.one;
    const struct prepared *prepared = exchange.prepared;

    give_variable("GATEWAY_INTERFACE", "CGI/1.1", variables);
    give_variable("SERVER_SOFTWARE", "assay", variables);
    give_variable("SERVER_PROTOCOL", "HTTP/1.1", variables);
    give_variable("SERVER_NAME", "127.0.0.1", variables);
    give_variable("SERVER_ADDR", "127.0.0.1", variables);
    give_variable("SERVER_PORT", "8080", variables);
    give_variable("REMOTE_ADDR", "127.0.0.1", variables);
    give_variable("REMOTE_PORT", "50000", variables);
    give_variable("DOCUMENT_ROOT", application.folder, variables);
    give_variable("SCRIPT_FILENAME", application.script, variables);
    give_variable("SCRIPT_NAME", application.script_name, variables);
    give_variable("PHP_SELF", application.script_name, variables);
    give_variable("REQUEST_METHOD", one->method, variables);
    give_variable("REQUEST_URI", prepared->request_uri, variables);
    give_variable("QUERY_STRING", one->query, variables);
    if (prepared->content_type != NULL)
        give_variable("CONTENT_TYPE", prepared->content_type, variables);
    if (one->body_len > 0)
        give_variable("CONTENT_LENGTH", prepared->content_length, variables);
    for (size_t i = 0; i < one->header_count; i++)
        if (prepared->server_names[i] != NULL)
            give_variable(prepared->server_names[i], one->headers[i].value, variables);
}

/* A script that warns once a request would fill the disk in a run of millions. */
static void log_line(const char *message, int priority)
{
    static int lines;

    (void)priority;
    if (lines < LOG_LINES_MAX)
        fprintf(stderr, "%s\n", message);
    else if (lines == LOG_LINES_MAX)
        fprintf(stderr, "(PHP has more to say; %d messages are kept)\n", LOG_LINES_MAX);
    lines += lines <= LOG_LINES_MAX;
}

/* ---- starting ---- */

static char *copy_of(const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        abort();
    return copy;
}

__attribute__((format(printf, 1, 2))) static char *copy_printf(const char *fmt, ...)
{
    char *text;
    va_list args;

    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        abort();
    va_end(args);
    return text;
}

static char *server_name_of(const char *header)
{
    char *name;

    if (strcasecmp(header, "Content-Type") == 0 || strcasecmp(header, "Content-Length") == 0)
        return NULL;
    name = copy_printf("HTTP_%s", header);
    for (char *at = name; *at != '\0'; at++)
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
    return name;
}

static char **server_names_of(const struct runner_case *one)
{
    char **names = calloc(one->header_count + 1, sizeof(*names));

    if (names == NULL)
        abort();
    for (size_t i = 0; i < one->header_count; i++)
        names[i] = server_name_of(one->headers[i].name);
    return names;
}

static struct prepared prepared_of(const struct runner_case *one)
{
    struct prepared prepared = { .server_names = server_names_of(one) };
    const char *mark = one->query[0] != '\0' ? "?" : "";

    prepared.request_uri = copy_printf("%s%s%s", one->path, mark, one->query);
    snprintf(prepared.content_length, sizeof(prepared.content_length), "%zu", one->body_len);
    for (size_t i = 0; i < one->header_count; i++) {
        const struct runner_header *header = &one->headers[i];

        if (strcasecmp(header->name, "Content-Type") == 0)
            prepared.content_type = header->value;
        if (strcasecmp(header->name, "Cookie") == 0)
            prepared.cookie = header->value;
    }
    return prepared;
}

/* The floor is a file like any other script, so that OPcache treats it like any other. */
static char *floor_path(void)
{
    char *self = realpath("/proc/self/exe", NULL);
    char *path = copy_printf("%s-floor.php", self != NULL ? self : "");

    free(self);
    return path;
}

static char *path_of(const struct runner_spec *spec)
{
    if (spec->app[0] == '\0')
        return floor_path();
    return spec->app[0] == '/' ? copy_of(spec->app) : copy_printf("%s/%s", spec->folder, spec->app);
}

static bool find_script(const struct runner_spec *spec, char *ret_error)
{
    char *path = path_of(spec);
    char *base;

    application.script = realpath(path, NULL);
    if (application.script == NULL || access(application.script, R_OK) != 0) {
        snprintf(ret_error, RUNNER_TEXT_MAX, "%s: %s; the application is the path of a PHP script",
                 path, strerror(errno));
        free(path);
        return false;
    }
    free(path);
    base = strrchr(application.script, '/');
    application.script_name = copy_of(base);
    application.folder = copy_printf("%.*s/", (int)(base - application.script), application.script);
    /* Where php-fpm too would run it. */
    if (chdir(application.folder) != 0) {
        snprintf(ret_error, RUNNER_TEXT_MAX, "%s: %s", application.folder, strerror(errno));
        return false;
    }
    return true;
}

/* Stronger than php.ini. The first four are php-fpm's where the embed SAPI has those of a terminal;
 * an error in the body would be a wrong answer without a reason; and OPcache leaves out files that
 * are younger than two seconds, as that of a suite that was just built may be. */
#define INI                                                                                 \
    "implicit_flush=0\noutput_buffering=4096\nregister_argc_argv=0\nhtml_errors=0\n"        \
    "max_execution_time=0\nmax_input_time=-1\ndisplay_errors=0\nlog_errors=1\nerror_log=\n" \
    "opcache.file_update_protection=0\n"
static char ini_gc_on[] = INI "zend.enable_gc=1\n\0";
static char ini_gc_off[] = INI "zend.enable_gc=0\n\0";
static char *ini;

/* OPcache serves servers that it knows by name, "embed" is none of them, and the command line where
 * opcache.enable_cli says so. So that one setting decides here too, we are the command line for
 * the moment in which OPcache starts: php.ini has been read, PHP_SAPI is a constant already. */
static zend_result let_opcache_in(int type, int number)
{
    static char command_line[] = "cli";
    zend_long asked;

    (void)type;
    (void)number;
    if (cfg_get_long("opcache.enable_cli", &asked) == SUCCESS && asked != 0)
        sapi_module.name = command_line;
    return SUCCESS;
}

static int start_modules(sapi_module_struct *module)
{
    static zend_module_entry ours = {
        STANDARD_MODULE_HEADER,    "assay", NULL, let_opcache_in, NULL, NULL, NULL, NULL, "1",
        STANDARD_MODULE_PROPERTIES
    };

    free(module->ini_entries); /* php_embed_init() has just made its own */
    module->ini_entries = ini;
    return php_module_startup(module, &ours);
}

static void set_hooks(void)
{
    php_embed_module.startup = start_modules;
    php_embed_module.deactivate = NULL;
    php_embed_module.flush = NULL;
    php_embed_module.ub_write = take_output;
    php_embed_module.send_header = NULL;
    php_embed_module.send_headers = take_headers;
    php_embed_module.read_post = give_body;
    php_embed_module.read_cookies = give_cookies;
    php_embed_module.register_server_variables = give_variables;
    php_embed_module.log_message = log_line;
}

/* Asked of OPcache itself, as it may be loaded and yet refuse to work. */
static const char *opcache_state(void)
{
    static const char question[] =
        "function_exists('opcache_get_status') && ($assay = @opcache_get_status(false))"
        " ? 1 + (int)($assay['jit']['on'] ?? false) : 0";
    static const char *const states[] = { "off", "on", "on, JIT on" };
    zval state;

    ZVAL_LONG(&state, 0);
    if (zend_eval_string(question, &state, "assay") != SUCCESS || Z_TYPE(state) != IS_LONG)
        return "unknown";
    return states[Z_LVAL(state)];
}

bool host_start(const struct runner_spec *spec, struct runner_facts *ret_facts, char *ret_error)
{
    char *own_name = php_embed_module.name;

    if (!find_script(spec, ret_error))
        return false;
    application.prepared = calloc(spec->case_count + 1, sizeof(*application.prepared));
    if (application.prepared == NULL)
        abort();
    for (size_t i = 0; i < spec->case_count; i++)
        application.prepared[i] = prepared_of(&spec->cases[i]);
    ini = strcmp(spec->gc, "off") == 0 ? ini_gc_off : ini_gc_on;
    set_hooks();
    exchange.one = &spec->cases[0];
    exchange.prepared = &application.prepared[0];
    if (php_embed_init(0, NULL) != SUCCESS) {
        snprintf(ret_error, RUNNER_TEXT_MAX, "PHP did not start; its output says why");
        return false;
    }
    sapi_module.name = own_name;
    snprintf(ret_facts->runtime, sizeof(ret_facts->runtime), "PHP %s, opcache %s", PHP_VERSION,
             opcache_state());
    /* php_embed_init() has begun a request, which is none of ours. */
    php_request_shutdown(NULL);
    return true;
}

void host_stop(void)
{
    /* php_embed_shutdown() would end a request first, and there is none. */
    php_module_shutdown();
    sapi_shutdown();
}

/* ---- one request ---- */

static void begin(const struct runner_case *one, const struct prepared *prepared)
{
    exchange.one = one;
    exchange.prepared = prepared;
    exchange.body_read = 0;
    exchange.status = 0;
    exchange.header_count = 0;
    exchange.heads_len = 0;
    exchange.body_len = 0;
    exchange.overflow = false;
    exchange.died = false;
    exchange.why[0] = '\0';
    SG(server_context) = &exchange; /* not NULL: there is a server, with cookies and bodies */
    SG(sapi_headers).http_response_code = 200; /* PHP turns a 200 into a 500 at a fatal error */
    SG(request_info).request_method = one->method;
    SG(request_info).request_uri = prepared->request_uri;
    SG(request_info).query_string = unconst(one->query);
    SG(request_info).path_translated = application.script;
    SG(request_info).content_type = prepared->content_type;
    SG(request_info).content_length = (zend_long)one->body_len;
    SG(request_info).proto_num = 1001;
}

/* Before the request takes it away. Of an exception the first line tells the place itself, and the
 * others are in the log. */
static void keep_error(void)
{
    const char *message = ZSTR_VAL(PG(last_error_message));
    size_t length = strcspn(message, "\n");
    const zend_string *file = PG(last_error_file);

    exchange.died = (PG(last_error_type) & E_FATAL_ERRORS) != 0;
    if (message[length] != '\0' || file == NULL)
        snprintf(exchange.why, sizeof(exchange.why), "%.*s", (int)length, message);
    else
        snprintf(exchange.why, sizeof(exchange.why), "%s in %s:%d", message, ZSTR_VAL(file),
                 PG(last_error_lineno));
}

static void execute(const struct profile *profile)
{
    zend_file_handle script;

    if (profile != NULL)
        profile_compile_anew();
    zend_stream_init_filename(&script, application.script);
    script.primary_script = true;
    php_execute_script(&script);
    zend_destroy_file_handle(&script);
    if (PG(last_error_message) != NULL)
        keep_error();
}

static bool hand_over(struct answer *ret_answer, char *ret_error)
{
    *ret_answer = (struct answer){ .status = exchange.status,
                                   .headers = exchange.headers,
                                   .header_count = exchange.header_count,
                                   .body = exchange.body,
                                   .body_len = exchange.body_len };
    if (exchange.died)
        snprintf(ret_error, RUNNER_TEXT_MAX, "PHP's fatal error: %s", exchange.why);
    else if (exchange.overflow)
        snprintf(ret_error, RUNNER_TEXT_MAX,
                 "the answer has more than %d headers, %d B of them, or a body beyond %u MiB",
                 HEADERS_MAX, HEADS_BYTES, BODY_BYTES_MAX >> 20);
    return !exchange.died && !exchange.overflow;
}

bool host_ask(const struct runner_case *one, size_t index, struct profile *profile,
              struct answer *ret_answer, char *ret_error)
{
    begin(one, &application.prepared[index]);
    if (profile != NULL)
        profile_begin(profile);
    if (php_request_startup() == SUCCESS)
        execute(profile);
    else
        snprintf(exchange.why, sizeof(exchange.why), "the request could not be begun");
    if (profile != NULL)
        profile_allocations_end(profile);
    php_request_shutdown(NULL);
    if (profile != NULL)
        profile_end(profile);
    return hand_over(ret_answer, ret_error);
}

const char *host_last_error(void)
{
    return exchange.why;
}
