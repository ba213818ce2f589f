# What people type. `make help` lists it; the work is done by Meson, Ninja and the scripts in tools/.
# All of it runs on a machine that has only `make` (Debian 12; root or sudo for what is missing).

# Debian's own, by their full names: another Python that comes first on PATH lacks the modules.
PYTHON = /usr/bin/python3
MESON = /usr/bin/meson
FUZZ_SECONDS = 60
# gcc unless somebody says otherwise (make's own default is a name, cc, that could be either).
COMPILER = $(if $(filter default,$(origin CC)),gcc,$(CC))
# With these two `make install` does what packagers expect.
prefix = /usr/local
DESTDIR =

export MESON PYTHON

.PHONY: help all demo studies check unit bench lint analyze fuzz install uninstall clean
.NOTPARALLEL:
.DEFAULT_GOAL = all

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do \
	    printf '  make %-10s %s\n' "$$name" "$$text"; done

all: ## build/assay (default); installs what the build needs
	@tools/install-packages packages/build.txt
	@CC='$(COMPILER)' tools/configure build
	@ninja -C build

demo: ## build, then rank four real servers; about two minutes
	@tools/install-packages packages/build.txt suites/demo/packages.txt
	@$(MAKE) --no-print-directory all
	build/assay run suites/demo

studies: ## the five studies, published figures beside today's, with charts; less than an hour
	@tools/install-packages packages/build.txt packages/inproc.txt packages/charts.txt
	@$(MAKE) --no-print-directory all
	@tools/studies

check: ## every test, in three builds; ends with the count
	@tools/install-packages packages/build.txt packages/test.txt packages/inproc.txt packages/charts.txt
	@$(PYTHON) tools/check

unit: all ## the unit tests alone, in seconds
	@$(MESON) test -C build --no-rebuild --suite unit

bench: ## against the other load generators, A B A B
	@tools/install-packages packages/build.txt packages/bench.txt
	@$(MAKE) --no-print-directory all
	@bench/run

lint: ## layout, layers, and the functions above 70 lines
	@tools/install-packages packages/build.txt packages/lint.txt
	@$(PYTHON) tools/lint

analyze: ## gcc -fanalyzer, clang-tidy and scan-build
	@tools/install-packages packages/build.txt packages/lint.txt
	@tools/analyze

fuzz: ## libFuzzer over the parsers, FUZZ_SECONDS each (default 60)
	@tools/install-packages packages/build.txt packages/lint.txt
	@tools/fuzz $(FUZZ_SECONDS)

install: all ## into DESTDIR/prefix (default /usr/local)
	@$(MESON) configure build -Dprefix=$(prefix)
	@$(MESON) install -C build $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

uninstall: ## takes away what the last `make install` put there
	@ninja -C build uninstall

clean: ## removes every build folder; databases stay
	rm -rf build build-*
