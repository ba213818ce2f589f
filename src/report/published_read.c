#include "report/published_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes the field at *at apart in place, NUL behind it, and moves on to the next one. False when it
 * was the last of its line. */
static bool take_field(char **at, const char **ret_field)
{
    char *from = *at, *to = *at;
    bool quoted = *from == '"', more;

    *ret_field = to;
    from += quoted;
    while (*from != '\0' && (quoted || (*from != ',' && *from != '\n'))) {
        if (quoted && from[0] == '"' && from[1] != '"') {
            quoted = false;
            from++;
            continue;
        }
        from += quoted && from[0] == '"';
        *to++ = *from++;
    }
    more = *from == ',';
    *at = from + (*from != '\0');
    if (to > *ret_field && to[-1] == '\r' && !more)
        to--;
    *to = '\0';
    return more;
}

static void take_row(char **at, struct published_row *ret_row)
{
    const char *surplus;
    bool more = true;

    for (size_t i = 0; i < PUBLISHED_FIELDS; i++) {
        ret_row->field[i] = "";
        if (more)
            more = take_field(at, &ret_row->field[i]);
    }
    while (more)
        more = take_field(at, &surplus);
}

/* The table is taken apart in a copy of its own: fields end with a NUL there. */
bool published_read(const char *table, struct published *ret_published, struct error *err)
{
    struct published_row header;
    char *at;

    ret_published->text = strdup(table);
    if (ret_published->text == NULL)
        return error_set(err, ENOMEM, "the published table");
    at = ret_published->text;
    take_row(&at, &header);
    if (strcmp(header.field[PUBLISHED_TARGET], "target") != 0 ||
        strcmp(header.field[PUBLISHED_NOTE], "note") != 0)
        return error_set(err, 0,
                         "the published table: its first line must be "
                         "target,workload,load,metric,value,unit,note");
    while (*at != '\0') {
        if (ret_published->count == PUBLISHED_ROWS_MAX)
            return error_set(err, 0, "the published table has more than %d rows",
                             PUBLISHED_ROWS_MAX);
        take_row(&at, &ret_published->rows[ret_published->count]);
        ret_published->count +=
            ret_published->rows[ret_published->count].field[PUBLISHED_METRIC][0] != '\0';
    }
    return true;
}
