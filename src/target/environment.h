/* target/environment.h -- the environment that targets are built and started in. */
#pragma once

/* Takes out of this process's environment what would change a target's behaviour behind its suite's
 * back: what runtimes and toolchains read, proxies, LD_PRELOAD, and ASSAY_*, which is for us. What
 * a target needs of it stands in its `env`, which is set afterwards. */
void environment_clean(void);
