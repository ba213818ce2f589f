/* Finds results in text: the lines between where one begins and the next, JSON where it stands. */
#include "audit/read_priv.h"

#include <jansson.h>

#include "audit/scan_priv.h"
#include "audit/tools_priv.h"

static const struct tool *const tools[] = {
    &tool_wrk, &tool_ab,  &tool_siege,   &tool_weighttp, &tool_h2load,
    &tool_hey, &tool_oha, &tool_gcannon, &tool_h1load,
};

#define RESULTS_PIECE 20
_Static_assert(AUDIT_RESULTS_MAX % RESULTS_PIECE == 0, "pieces fill the room");

#define TOOLS (sizeof(tools) / sizeof(tools[0]))

/* ---- results ---- */

struct audit_result *reading_begin(struct reading *reading, const char *tool)
{
    struct audit *a = reading->audit;
    struct audit_result *r;

    if (a->result_count == AUDIT_RESULTS_MAX) {
        reading->full = true;
        return NULL;
    }
    if (a->result_count == a->result_room) { /* what is taken in pieces lies in one */
        (void)arena_new(&a->memory, struct audit_result, RESULTS_PIECE);
        a->result_room += RESULTS_PIECE;
    }
    r = &a->results[a->result_count++];
    *r = (struct audit_result){
        .tool = tool,
        .file = reading->file,
        .line = reading->line,
        .section_id = reading->section_id,
        .connections = FIGURE_UNKNOWN,
        .streams = FIGURE_COUNT(1),
        .rate_per_sec = FIGURE_UNKNOWN,
        .seconds = FIGURE_UNKNOWN,
        .requests = FIGURE_UNKNOWN,
        .wrong = FIGURE_UNKNOWN,
        .server_errors = FIGURE_UNKNOWN,
        .lost = FIGURE_UNKNOWN,
        .other_length = FIGURE_UNKNOWN,
        .kept = FIGURE_UNKNOWN,
        .mean_ns = FIGURE_UNKNOWN,
        .min_ns = FIGURE_UNKNOWN,
        .max_ns = FIGURE_UNKNOWN,
        .samples = FIGURE_UNKNOWN,
        .total_bytes = FIGURE_UNKNOWN,
        .body_bytes = FIGURE_UNKNOWN,
    };
    name_copy(r->section, reading->section);
    return r;
}

/* What began like a result and came to no rate was none. */
static void drop_unfinished(struct reading *reading)
{
    struct audit *a = reading->audit;
    size_t kept = reading->first;

    for (size_t i = reading->first; i < a->result_count; i++)
        if (figure_known(a->results[i].rate_per_sec))
            a->results[kept++] = a->results[i];
    a->result_count = kept;
}

/* ---- text ---- */

struct parser {
    struct reading reading;
    struct command command; /* for the next result */
    const struct tool *tool;
    struct audit_result *result; /* of `tool`; NULL between results */
};

static bool is_heading(struct slice line)
{
    return line.len > 1 && line.ptr[0] == '#' && (line.ptr[1] == '#' || line.ptr[1] == ' ');
}

static void take_heading(struct parser *p, struct slice line)
{
    while (line.len > 0 && line.ptr[0] == '#')
        line = (struct slice){ line.ptr + 1, line.len - 1 };
    p->reading.section = slice_trim(line);
    p->reading.section_id = ++p->reading.audit->section_count;
    p->result = NULL;
}

static void begin(struct parser *p, const struct tool *tool, const char *name)
{
    p->tool = tool;
    p->result = reading_begin(&p->reading, name);
    if (p->result == NULL)
        return;
    command_apply(&p->command, p->result);
    p->command = command_unknown();
}

static const struct tool *tool_that_begins(const struct parser *p, struct slice line)
{
    for (size_t i = 0; i < TOOLS; i++) {
        const struct audit_result *open =
            p->result != NULL && p->tool == tools[i] ? p->result : NULL;

        if (tools[i]->begins != NULL && tools[i]->begins(line, open))
            return tools[i];
    }
    return NULL;
}

/* The first name of "wrk, wrk2": take() corrects it where it is the other one. */
static const char *first_name(const struct tool *tool)
{
    return tool == &tool_wrk ? "wrk" : tool->name;
}

static void take_line(struct parser *p, struct slice line)
{
    const struct tool *tool = tool_that_begins(p, line);

    if (tool != NULL) {
        begin(p, tool, first_name(tool));
    } else if (command_take(&p->command, line)) {
        p->result = NULL;
    } else if (is_heading(line)) {
        take_heading(p, line);
    }
    if (p->result != NULL && p->tool->take != NULL)
        p->tool->take(p->result, line);
}

/* ---- JSON ---- */

static void take_document(struct parser *p, const json_t *document)
{
    struct audit_result *r = reading_begin(&p->reading, "");

    for (size_t i = 0; r != NULL && i < TOOLS; i++) {
        r->tool = tools[i]->name;
        command_apply(&p->command, r);
        if (tools[i]->take_json == NULL || !tools[i]->take_json(r, document))
            continue;
        p->command = command_unknown();
        return;
    }
    p->reading.audit->result_count -= r != NULL; /* somebody else's */
}

/* The document that begins with this line, if one does: what is left is the text behind it. */
static bool take_json(struct parser *p, struct slice line, struct slice *text)
{
    struct slice whole = { line.ptr, (size_t)(text->ptr + text->len - line.ptr) };
    const char *end;
    json_error_t error;
    json_t *document;

    if (line.len == 0 || line.ptr[0] != '{')
        return false;
    document = json_loadb(whole.ptr, whole.len, JSON_DISABLE_EOF_CHECK, &error);
    if (document == NULL)
        return false;
    p->result = NULL;
    take_document(p, document);
    json_decref(document);
    end = whole.ptr + error.position; /* jansson: how many bytes it took */
    for (; text->ptr < end; text->ptr++, text->len--)
        p->reading.line += text->ptr[0] == '\n';
    return true;
}

static void read_text(struct reading *reading, struct slice text)
{
    struct parser p = { .reading = *reading, .command = command_unknown() };
    struct slice line;

    while (!p.reading.full && scan_line(&text, &line)) {
        p.reading.line++;
        if (!take_json(&p, line, &text))
            take_line(&p, line);
    }
    *reading = p.reading;
    drop_unfinished(reading);
}

/* ---- files ---- */

static bool not_recognised(const char *file, struct error *err)
{
    char looked_for[1000];
    struct text text = TEXT(looked_for);

    for (size_t i = 0; i < TOOLS; i++)
        text_format(&text, "%s (%s), ", tools[i]->name, tools[i]->looked_for);
    return error_usage(err,
                       "%s: no result found in it; looked for the output of %sand for a table in "
                       "CSV whose first line names a target and a rate (target,throughput_per_sec)",
                       file, looked_for);
}

/* Which of how many under its heading each result is. */
static void number_results(struct audit *a, size_t first)
{
    for (size_t i = first; i < a->result_count; i++) {
        struct audit_result *r = &a->results[i];

        r->nth = 1;
        for (size_t j = first; j < a->result_count; j++) {
            bool same = a->results[j].section_id == r->section_id;

            r->nth += same && j < i;
            r->of += same;
        }
    }
}

bool audit_add(struct audit *audit, const char *file, struct slice text, struct error *err)
{
    struct reading reading = { .audit = audit, .file = file, .first = audit->result_count };

    if (text.len > AUDIT_FILE_MAX)
        return error_usage(err, "%s: larger than %u MiB", file, AUDIT_FILE_MAX >> 20);
    reading.section_id = ++audit->section_count;
    read_text(&reading, text);
    if (!reading.full && audit->result_count == reading.first) {
        reading.line = 1;
        reading.section = (struct slice){ NULL, 0 };
        (void)read_table(&reading, text);
        drop_unfinished(&reading);
    }
    if (reading.full)
        return error_usage(err, "%s: with it there are more than %d results", file,
                           AUDIT_RESULTS_MAX);
    if (audit->result_count == reading.first)
        return not_recognised(file, err);
    number_results(audit, reading.first);
    return true;
}
