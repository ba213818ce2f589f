#include "load/contract.h"

#include <string.h>

#include "base/bug.h"
#include "base/units.h"
#include "load/request.h"

static const struct slice NONCE_MARK = SLICE("{nonce}");

/* The expected body with room for the nonce's digits where its mark stood. */
static bool expect_with_nonces(struct contract *c, struct slice body, struct arena *arena,
                               struct error *err)
{
    size_t longest = body.len + (size_t)CONTRACT_NONCES_MAX * WORKLOAD_NONCE_LEN;
    char *room = arena_new(arena, char, longest + 1);
    size_t len = 0;

    for (size_t i = 0; i < body.len;) {
        struct slice rest = { body.ptr + i, body.len - i };

        if (slice_starts(rest, NONCE_MARK)) {
            if (c->nonce_count == CONTRACT_NONCES_MAX)
                return error_usage(err,
                                   "{nonce} stands in more than %d places of the expected body",
                                   CONTRACT_NONCES_MAX);
            c->nonce_at[c->nonce_count++] = (uint32_t)len;
            len += WORKLOAD_NONCE_LEN;
            i += NONCE_MARK.len;
        } else {
            room[len++] = body.ptr[i++];
        }
    }
    c->body = (struct slice){ room, len };
    return true;
}

static bool all_bodies_equal(const struct answer *answers, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (!slice_equal(answers[0].body, answers[i].body))
            return false;
    return true;
}

static const char *describe(const struct contract *c, bool any_body, const struct answer *first,
                            uint32_t count, struct arena *arena)
{
    /* Escaped, a byte can become four. */
    char line[4 * (sizeof(first->content_type) + sizeof(first->location)) + 128];
    char size[UNITS_TEXT_MAX];
    struct text text = TEXT(line);

    text_format(&text, "%u", first->status);
    if (first->status >= 300 && first->status < 400 && first->location[0] != '\0') {
        /* Nobody follows it: what is measured is the redirect. */
        text_add(&text, SLICE(" to "));
        text_add_escaped(&text, slice_of(first->location));
    }
    text_format(&text, ", %s%s", units_bytes((double)first->body.len, size),
                first->content_type[0] != '\0' ? " " : "");
    text_add_escaped(&text, slice_of(first->content_type));
    if (c->nonce_count > 0)
        text_format(&text, ", with the nonce it was asked for");
    else if (c->body_known)
        text_format(&text, ", identical in %u probes", count);
    else
        text_format(&text, ", %s: status and framing are checked, not the body",
                    any_body ? "any body is right" : "bodies differ from probe to probe");
    return arena_text(arena, line, text.len);
}

bool contract_learn(const struct workload *workload, const struct answer *answers, uint32_t count,
                    struct arena *arena, struct contract *ret_contract, const char **ret_text,
                    struct error *err)
{
    const struct expect *expect = &workload->expect;
    struct contract c = { .status = expect->status };

    BUG_IF(count == 0);
    if (c.status == 0)
        c.status = answers[0].status;
    c.answers_head = slice_equal(workload->method, SLICE("HEAD"));
    if (!request_watches(expect, c.watch, &c.watch_count, err))
        return false;
    if (expect->body.ptr != NULL) {
        c.body_known = true;
        if (!expect_with_nonces(&c, expect->body, arena, err))
            return false;
    } else if (!expect->any_body && all_bodies_equal(answers, count)) {
        c.body_known = true;
        c.body = answers[0].body;
    }
    *ret_text = describe(&c, expect->any_body, &answers[0], count, arena);
    *ret_contract = c;
    return true;
}

bool contract_piece_matches(const struct contract *contract, const char *nonce, uint64_t offset,
                            struct slice piece)
{
    uint64_t end = offset + piece.len;
    uint64_t at = offset; /* compared up to here */

    if (end > contract->body.len)
        return false;
    for (uint8_t i = 0; i < contract->nonce_count; i++) {
        uint64_t low = contract->nonce_at[i];
        uint64_t high = low + WORKLOAD_NONCE_LEN;

        if (high <= at || low >= end)
            continue;
        if (low > at && memcmp(contract->body.ptr + at, piece.ptr + (at - offset), low - at) != 0)
            return false;
        low = low > at ? low : at;
        high = high < end ? high : end;
        if (memcmp(nonce + (low - contract->nonce_at[i]), piece.ptr + (low - offset), high - low) !=
            0)
            return false;
        at = high;
    }
    return memcmp(contract->body.ptr + at, piece.ptr + (at - offset), end - at) == 0;
}

enum outcome contract_check_head(const struct contract *contract, const struct http1 *answer)
{
    uint8_t wanted = (uint8_t)((1u << contract->watch_count) - 1);

    if (contract->status == 0 ? answer->status >= 400 : answer->status != contract->status)
        return OUTCOME_STATUS;
    if ((answer->watch_equal & wanted) != wanted)
        return OUTCOME_BODY;
    return OUTCOME_OK;
}
