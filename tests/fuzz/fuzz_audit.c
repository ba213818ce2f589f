/* Whatever a file holds, it is refused with a sentence or gives results that all have a rate, and
 * findings that are about one of them, have numbers in order and say something; read twice, it says
 * the same twice. */
#include <math.h>

#include "audit/audit.h"
#include "base/bug.h"
#include "fuzz.h"

#define TEXT_MAX (1u << 18)

static void check_result(const struct audit_result *r)
{
    BUG_IF(!(r->rate_per_sec.value >= 0) || isinf(r->rate_per_sec.value));
    BUG_IF(r->line == 0);
    BUG_IF(r->nth == 0);
    BUG_IF(r->nth > r->of);
    BUG_IF(r->tool[0] == '\0');
    BUG_IF(r->percentile_count > AUDIT_PERCENTILES_MAX);
}

static void check_finding(const struct audit *a, const struct audit_finding *f)
{
    BUG_IF(f->about < a->results);
    BUG_IF(f->about >= a->results + a->result_count);
    BUG_IF(f->kind >= AUDIT_KINDS);
    BUG_IF(f->what[0] == '\0');
    BUG_IF(f->means[0] == '\0');
}

static bool read_once(struct audit *a, struct slice text)
{
    struct error err = { .usage = false };

    BUG_IF(!audit_init(a, &err));
    if (audit_add(a, "f", text, &err)) {
        BUG_IF(a->result_count == 0);
        BUG_IF(!audit_judge(a, &err));
        return true;
    }
    BUG_IF(!err.usage);
    BUG_IF(strncmp(err.text, "f: ", 3) != 0);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct audit a, again;

    if (size > TEXT_MAX)
        return 0;
    if (!read_once(&a, text)) {
        audit_release(&a);
        return 0;
    }
    for (size_t i = 0; i < a.result_count; i++)
        check_result(&a.results[i]);
    for (size_t i = 0; i < a.finding_count; i++)
        check_finding(&a, &a.findings[i]);
    BUG_IF(!read_once(&again, text));
    BUG_IF(again.result_count != a.result_count);
    BUG_IF(again.finding_count != a.finding_count);
    for (size_t i = 0; i < a.finding_count; i++)
        BUG_IF(strcmp(a.findings[i].what, again.findings[i].what) != 0);
    audit_release(&again);
    audit_release(&a);
    return 0;
}
