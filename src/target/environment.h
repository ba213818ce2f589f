/* target/environment.h -- the environment that targets are built and started in. */
#pragma once

#include <stdbool.h>

/* Takes out of this process's environment what would change a target's behaviour behind its suite's
 * back: what runtimes and toolchains read, proxies, LD_PRELOAD, and ASSAY_*, which is for us. What
 * a target needs of it stands in its `env`, which is set afterwards. What only `fetches`, as builds
 * do, keeps the proxies: they belong to the machine, and no suite can know them. */
void environment_clean(bool fetches);
