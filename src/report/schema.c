#include "report/schema.h"

#include <stddef.h>
#include <string.h>

/* Made from docs/schema/ by tools/embed. */
extern const char schema_trial[];
extern const char schema_run[];
extern const char schema_audit[];
extern const char schema_inproc[];
extern const char schema_comparison[];
extern const char schema_gate[];
extern const char schema_doctor[];
extern const char schema_progress[];

const char *schema_text(const char *which)
{
    if (strcmp(which, "trial") == 0)
        return schema_trial;
    if (strcmp(which, "run") == 0)
        return schema_run;
    if (strcmp(which, "audit") == 0)
        return schema_audit;
    if (strcmp(which, "inproc") == 0)
        return schema_inproc;
    if (strcmp(which, "comparison") == 0)
        return schema_comparison;
    if (strcmp(which, "gate") == 0)
        return schema_gate;
    if (strcmp(which, "doctor") == 0)
        return schema_doctor;
    if (strcmp(which, "progress") == 0)
        return schema_progress;
    return NULL;
}
