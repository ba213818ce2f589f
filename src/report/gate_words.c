#include "report/gate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "run/pairs.h"

const char *gate_word_name(enum gate_word word)
{
    switch (word) {
    case GATE_WITHIN:
        return "within";
    case GATE_BETTER:
        return "better";
    case GATE_SUSPECTED:
        return "suspected";
    case GATE_REGRESSION:
        return "regression";
    case GATE_INCONCLUSIVE:
        return "inconclusive";
    }
    BUG("word out of range");
}

char *gate_row_name(const struct gate_row *row, char *ret_text, size_t size)
{
    const struct trial_record *t = row->cell;
    struct text text = { ret_text, 0, size, false };

    ret_text[0] = '\0';
    text_add(&text, (struct slice){ t->target, strlen(t->target) - strlen(PAIR_BASE_NAME) });
    text_format(&text, " %.*s", (int)t->workload.name.len, t->workload.name.ptr);
    if (t->load.name.len > 0)
        text_format(&text, " %.*s", (int)t->load.name.len, t->load.name.ptr);
    return ret_text;
}

static void percent(struct text *into, double share)
{
    double value = fabs(share) * 100;

    text_add(into, share < 0 ? SLICE("−") : SLICE("+"));
    text_format(into, value < 100 ? "%.1f" : "%.0f", value);
}

char *gate_change(const struct difference *d, char *ret_text, size_t size)
{
    struct text text = { ret_text, 0, size, false };

    ret_text[0] = '\0';
    if (d->blocks == 0) {
        text_add(&text, SLICE("–"));
        return ret_text;
    }
    percent(&text, d->ratio - 1);
    text_add(&text, SLICE(" %"));
    if (d->bounded) {
        text_add(&text, SLICE(" ["));
        percent(&text, d->low - 1);
        text_add(&text, SLICE(", "));
        percent(&text, d->high - 1);
        text_add(&text, SLICE("]"));
    }
    return ret_text;
}

/* What head is, of base. */
static const char *direction(const struct gate_row *row)
{
    return row->difference.ratio < 1 ? metric_less(row->metric) : metric_more(row->metric);
}

static void limit_of(struct text *into, const struct gate_row *row)
{
    text_add(into, row->limit < 0 ? SLICE("limit −") : SLICE("limit +"));
    text_format(into, "%.3g %%", fabs(row->limit) * 100);
}

static void beyond_limit(struct text *into, const struct gate_row *row)
{
    double floor = row->difference.floor;

    text_format(into,
                floor > COMPARE_FLOOR_MIN
                    ? ": beyond the limit, but base differs from itself by up to %.1f %%"
                    : ": beyond the limit, but a change below %.1f %% is not believed",
                floor * 100);
}

static void open_question(struct text *into, const struct gate_row *row)
{
    char change[120];

    text_add(into, SLICE("inconclusive"));
    if (row->again)
        text_format(into, ": %zu new pairs did not confirm it (%s)", row->confirmation.blocks,
                    gate_change(&row->confirmation, change, sizeof(change)));
    else if (row->pairs == 0)
        text_format(into, ": no trial has a value that can be relied on%s%s",
                    row->why[0] != '\0' ? ": " : "", row->why);
    else if (!row->difference.bounded && row->pairs_needed > 0)
        text_format(into, ": needs %zu pairs, has %zu", row->pairs_needed, row->pairs);
    else if (row->hidden)
        text_format(into, ": %zu of %zu pair%s refused: %s", row->refused, row->asked,
                    row->asked == 1 ? " is" : "s are", row->why);
    else if (row->in_noise)
        beyond_limit(into, row);
    else if (row->pairs_needed > 0)
        text_format(into, ": about %zu pairs would tell", row->pairs_needed);
}

static void without_a_limit(struct text *into, const struct gate_row *row)
{
    if (row->difference.finding == FINDING_MORE || row->difference.finding == FINDING_LESS)
        text_format(into, "%s, ", direction(row));
    text_add(into, SLICE("no limit"));
}

char *gate_sentence(const struct gate_row *row, char *ret_text, size_t size)
{
    struct text text = { ret_text, 0, size, false };

    ret_text[0] = '\0';
    if (isnan(row->limit)) {
        without_a_limit(&text, row);
        return ret_text;
    }
    switch (row->word) {
    case GATE_WITHIN:
        text_add(&text, SLICE("= within the "));
        limit_of(&text, row);
        break;
    case GATE_BETTER:
        text_format(&text, "+ %s", direction(row));
        break;
    case GATE_SUSPECTED:
    case GATE_REGRESSION:
        text_format(&text, "x %s, ", direction(row));
        limit_of(&text, row);
        text_add(&text, row->word == GATE_REGRESSION ? SLICE(", confirmed") : SLICE(", suspected"));
        break;
    case GATE_INCONCLUSIVE:
        text_add(&text, SLICE("? "));
        open_question(&text, row);
        break;
    }
    return ret_text;
}
