/* target/environment.h -- the environment that targets are started in. */
#pragma once

/* Takes out of this process's environment what would change a target's behaviour: PYTHONUNBUFFERED
 * and PYTHONDONTWRITEBYTECODE change how Python servers write and start, LD_PRELOAD whatever it
 * likes, and ASSAY_* is for us. */
void environment_clean(void);
