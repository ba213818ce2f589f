/* report/schema.h -- the JSON Schemas of what assay writes, as the program carries them. The files
 * are docs/schema/assay-*-1.json. */
#pragma once

/* Of "trial", "run", "inproc", "audit", "comparison" or "gate"; NULL for anything else. */
const char *schema_text(const char *which);
