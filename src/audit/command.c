#include "audit/read_priv.h"
#include "audit/scan_priv.h"

static const char *const programs[] = { "wrk",    "wrk2",     "ab",  "siege",
                                        "h2load", "weighttp", "hey", "oha" };

struct command command_unknown(void)
{
    return (struct command){ .connections = FIGURE_UNKNOWN,
                             .streams = FIGURE_UNKNOWN,
                             .spawned = FIGURE_UNKNOWN };
}

/* What follows an option: "-c50", "-c 50", "--connections=50". */
static bool value_of(struct slice word, struct slice *rest, const char *option,
                     struct figure *ret_value)
{
    struct slice next = *rest;

    if (!scan_after(&word, option))
        return false;
    (void)scan_after(&word, "=");
    if (word.len > 0)
        return scan_count(&word, ret_value) && word.len == 0;
    word = scan_word(&next);
    if (!scan_count(&word, ret_value) || word.len > 0)
        return false;
    *rest = next;
    return true;
}

static bool equals(struct slice word, const char *text)
{
    return slice_equal(word, slice_of(text));
}

/* With these the tool waits between requests, and what it reaches is what it was told. */
static bool sets_a_pace(const char *program, struct slice word)
{
    static const struct {
        const char *program, *option;
    } paces[] = {
        {"wrk",     "-R"     }, /* wrk2, whose program has wrk's name */
        { "wrk2",   "-R"     },
        { "hey",    "-q"     },
        { "oha",    "-q"     },
        { "h2load", "--rps"  },
        { "siege",  "-d"     },
        { "siege",  "--delay"},
    };

    for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++)
        if (strcmp(paces[i].program, program) == 0 && slice_starts(word, slice_of(paces[i].option)))
            return true;
    return false;
}

static void take_option(struct command *c, const char *program, struct slice word,
                        struct slice *rest)
{
    bool wrk = strncmp(program, "wrk", 3) == 0, h2load = strcmp(program, "h2load") == 0;
    bool oha = strcmp(program, "oha") == 0;
    struct figure value;

    if (value_of(word, rest, "-c", &value) || value_of(word, rest, "--connections", &value) ||
        value_of(word, rest, "--concurrent", &value) || value_of(word, rest, "--clients", &value))
        c->connections = value;
    else if ((h2load && (value_of(word, rest, "-m", &value) ||
                         value_of(word, rest, "--max-concurrent-streams", &value))) ||
             (oha && value_of(word, rest, "-p", &value)))
        c->streams = value;
    else if (wrk && (equals(word, "-s") || equals(word, "--script")))
        c->streams = FIGURE_UNKNOWN; /* a script may ask for several things at once */
    else if (sets_a_pace(program, word))
        c->open_loop = true;
}

/* "$ /usr/bin/wrk -c50 http://..." is wrk's. NULL for what is no command. */
static const char *program_of(struct slice *line)
{
    static const char *const prompts[] = { "$ ", "# ", "> ", "% " };
    struct slice word;

    for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++)
        if (scan_find(line, prompts[i]))
            break;
    word = scan_word(line);
    for (struct slice behind = word; scan_find(&behind, "/");)
        word = behind;
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (equals(word, programs[i]))
            return programs[i];
    return NULL;
}

/* "spawning thread #0: 16 total client(s)" of h2load, "... 16 concurrent requests" of weighttp, one
 * a thread; "** Preparing 25 concurrent users for battle." of siege. */
static bool take_preamble(struct command *c, struct slice line)
{
    struct figure count;

    if (scan_after(&line, "** Preparing "))
        return scan_count(&line, &c->spawned) && scan_after(&line, "concurrent users");
    if (!scan_after(&line, "spawning thread #") || !scan_find(&line, ":") ||
        !scan_count(&line, &count))
        return false;
    if (!scan_after(&line, "total client(s)") && !scan_after(&line, "concurrent requests"))
        return false;
    figure_add(&c->spawned, count);
    return true;
}

bool command_take(struct command *command, struct slice line)
{
    struct command c = command_unknown();
    struct slice word, path, rest = line;
    const char *program;
    bool argued = false; /* else it is a sentence about the tool */

    if (take_preamble(command, line))
        return true;
    program = program_of(&rest);
    if (program == NULL)
        return false;
    c.given = true;
    if (scan_path(line, &path))
        name_copy(c.path, path);
    c.streams = FIGURE_COUNT(1);
    for (word = scan_word(&rest); word.len > 0; word = scan_word(&rest)) {
        argued = argued || (word.ptr[0] == '-' && word.len > 1) || scan_holds(word, "://");
        take_option(&c, program, word, &rest);
    }
    if (argued)
        *command = c;
    return argued;
}

/* What the output says itself comes later, and wins. */
void command_apply(const struct command *command, struct audit_result *r)
{
    r->connections = figure_known(command->spawned) ? command->spawned : command->connections;
    if (command->given)
        r->streams = command->streams;
    else if (strcmp(r->tool, "h2load") == 0)
        r->streams = FIGURE_UNKNOWN;
    else
        r->streams = FIGURE_COUNT(1);
    r->open_loop = command->open_loop;
    name_copy(r->path, slice_of(command->path));
}
