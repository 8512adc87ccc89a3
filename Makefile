# SPDX-License-Identifier: GPL-3.0-or-later
# Makefile - build, run and test Cumae; `make help` lists the targets
#
# Objects live in build/$(V), one folder per variant: release, debug, asan,
# tsan, fuzz. Sources are found by wildcard, so a new file needs no line here.

V ?= release
B := build/$(V)
ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(V)),clang,gcc)
endif
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
PYTHON ?= python3

LIBRARIES := libmicrohttpd gnutls jansson libpq sqlite3 libcrypto libcurl zlib
LIBRARY_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
LIBRARY_LIBS = $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null)
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check libjwt 2>/dev/null)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
  -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations \
  -Wcast-qual -Wformat=2 -Wvla -Wimplicit-fallthrough -Werror
# No FMA contraction and no fast maths: the optimizers give the same numbers
# on machines with and without FMA.
BASE := -std=c17 -D_GNU_SOURCE $(WARNINGS) -g -fno-omit-frame-pointer \
  -ffp-contract=off -fPIE -MMD -MP -pthread
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
  -fstack-clash-protection
FLAGS_release := -O2 $(HARDENING)
FLAGS_debug := -O0
FLAGS_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS_tsan := -O1 -fsanitize=thread
# Clang sees signs change where gcc, which has the last word, sees none.
FLAGS_fuzz := $(FLAGS_asan) -fsanitize=fuzzer-no-link,float-cast-overflow \
  -Wno-sign-conversion
CFLAGS_ALL = $(BASE) $(FLAGS_$(V)) $(LIBRARY_CFLAGS) -I$(B)/gen $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now,-z,noexecstack -pthread \
  $(filter -fsanitize% -fno-sanitize%,$(FLAGS_$(V))) $(LDFLAGS)
# GSL before OpenBLAS and no gslcblas: the order decides which BLAS is bound.
LIBS = $(LIBRARY_LIBS) -lgsl -llapacke -lopenblas -lm

OPTIMIZERS := $(sort $(wildcard optimizers/*.c))
SERVICE := $(filter-out service/main.c,$(sort $(wildcard service/*.c)))
ASSETS := $(sort $(shell find web -type f -not -name '.*' 2>/dev/null))
SQL := $(sort $(wildcard sql/*.sql))
CLIENT := $(sort $(wildcard client/c/*.c))
UNIT := $(sort $(wildcard tests/unit/test_*.c tests/contract/test_*.c))
EXAMPLES := $(patsubst client/%.c,$(B)/%,$(sort \
  $(wildcard client/examples/*.c)))
TESTS := $(UNIT:tests/%.c=$(B)/tests/%)
DRIVERS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/driver_*.c)))
FAULTS := $(patsubst %.c,$(B)/%.so,$(wildcard tests/faults/*.c))
FUZZ_TARGETS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCH := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bench/*.c)))

object = $(patsubst %.c,$(B)/%.o,$(1))

.PHONY: all run demo test tests examples lint layers sanitize tsan memcheck \
  faults fuzz fuzz-http format bench figures help install clean packages \
  packages-test venv oidc axe
.SECONDARY:

all: $(B)/cumaed $(if $(CLIENT),$(B)/libcumae.a) ## the service and the C client

help: ## this list
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) \
	  | sed -E 's/:[^#]*## /\t/' | sort | expand -t 18

# ---- packages ---------------------------------------------------------------

packages:
	@service/deploy/packages.sh build

packages-test:
	@service/deploy/packages.sh test

# ---- building ---------------------------------------------------------------

# Everything that is compiled depends on this, so the packages come first.
$(B)/.flags: FORCE | packages
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL)' | cmp -s - $@ \
	  || echo '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL)' > $@
FORCE:

$(B)/%.o: %.c $(B)/.flags | $(B)/gen/queries.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(if $(filter tests/%,$<),-Iservice -Ioptimizers) \
	  -c $< -o $@

# The queries, migrations and pages are compiled into the binary.
$(B)/gen/queries.h: sql/embed.sh $(SQL)
	@mkdir -p $(@D)
	sql/embed.sh header $(SQL) > $@.new && mv $@.new $@

$(B)/gen/queries.c: sql/embed.sh $(SQL)
	@mkdir -p $(@D)
	sql/embed.sh source $(SQL) > $@.new && mv $@.new $@

$(B)/gen/assets.S: service/embed.sh $(ASSETS)
	@mkdir -p $(@D)
	service/embed.sh web $(ASSETS) > $@.new && mv $@.new $@

$(B)/gen/queries.o: $(B)/gen/queries.c $(B)/gen/queries.h $(B)/.flags
	$(CC) $(CFLAGS_ALL) -c $< -o $@

$(B)/gen/assets.o: $(B)/gen/assets.S
	$(CC) -fPIE -c $< -o $@

$(B)/liboptimizers.a: $(call object,$(OPTIMIZERS))
	@rm -f $@
	$(AR) Dcr $@ $^

$(B)/libservice.a: $(call object,$(SERVICE)) $(B)/gen/queries.o $(B)/gen/assets.o
	@rm -f $@
	$(AR) Dcr $@ $^

$(B)/cumaed: $(B)/service/main.o $(B)/libservice.a $(B)/liboptimizers.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(B)/libcumae.a: $(call object,$(CLIENT))
	@rm -f $@
	$(AR) Dcr $@ $^

$(B)/tests/%: $(B)/tests/%.o $(B)/libservice.a $(B)/liboptimizers.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(CHECK_LIBS) $(LIBS)

# With a fuzzer in the fuzz variant; in all others with a main that replays.
FUZZ_MAIN := $(if $(filter fuzz,$(V)),,$(B)/tests/fuzz/replay.o)
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(FUZZ_MAIN) $(B)/libservice.a \
    $(B)/liboptimizers.a
	$(CC) $(LDFLAGS_ALL) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) -o $@ $^ $(LIBS)

# Preloaded into the service, whose flags are not for it.
$(B)/tests/faults/%.so: tests/faults/%.c $(B)/.flags
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE $(WARNINGS) -O2 -fPIC -shared -o $@ $<

# The load generator shares the machine with the service, not its code.
$(B)/tests/bench/load: $(B)/tests/bench/load.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lm

$(B)/examples/%: $(B)/client/examples/%.o $(B)/libcumae.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ \
	  $(shell $(PKG_CONFIG) --libs libcurl jansson) -lm

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- running ----------------------------------------------------------------

run: packages ## build and start on http://127.0.0.1:8080 with a SQLite file
	@$(MAKE) --no-print-directory -s all
	@exec $(B)/cumaed $(ARGS)

venv: build/venv/.done
build/venv/.done: tests/requirements.txt client/python/pyproject.toml
	@$(PYTHON) -m venv build/venv
	@build/venv/bin/pip install -q --disable-pip-version-check \
	  -r tests/requirements.txt -e client/python
	@touch $@

# From npm: the OpenID provider that the tests sign in with, and axe, which
# looks over the pages.
oidc: build/oidc/.done
axe: build/axe/.done
build/oidc/.done: $(wildcard tests/oidc/*)
build/axe/.done: $(wildcard tests/axe/*)
build/oidc/.done build/axe/.done:
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@npm ci --prefix $(@D) --loglevel=error --ignore-scripts --no-audit \
	  --no-fund > /dev/null
	@touch $@

demo: packages-test ## eight workers tune a classifier through the service
	@$(MAKE) --no-print-directory -s all venv
	@build/venv/bin/python client/examples/demo.py --cumaed $(B)/cumaed $(ARGS)

# ---- testing ----------------------------------------------------------------

test: packages-test ## everything, on SQLite and PostgreSQL
	@$(MAKE) --no-print-directory -s all tests venv oidc axe
	@CUMAE_BUILD=$(abspath $(B)) tests/run.sh

tests: $(TESTS) $(DRIVERS) $(EXAMPLES) $(BENCH) $(FAULTS) $(FUZZ_TARGETS)

examples: $(EXAMPLES) ## the programs in client/examples

sanitize: packages-test ## the whole suite under ASan and UBSan
	@$(MAKE) --no-print-directory -s V=asan all tests
	@$(MAKE) --no-print-directory -s venv oidc axe
	@CUMAE_BUILD=$(abspath build/asan) CK_FORK=no \
	  ASAN_OPTIONS=detect_stack_use_after_return=1 tests/run.sh

tsan: packages-test ## the whole suite under ThreadSanitizer
	@$(MAKE) --no-print-directory -s V=tsan all tests
	@$(MAKE) --no-print-directory -s venv oidc axe
	@CUMAE_BUILD=$(abspath build/tsan) CK_FORK=no \
	  TSAN_OPTIONS="halt_on_error=1 suppressions=$(abspath tests/tsan.supp)" \
	  setarch -R tests/run.sh

memcheck: packages-test ## 1000 ask/tell cycles under valgrind
	@$(MAKE) --no-print-directory -s V=debug all
	@$(MAKE) --no-print-directory -s venv
	@build/venv/bin/python tests/faults/memcheck.py build/debug/cumaed

faults: packages-test ## crashes and failures at random, long; MINUTES=10 SEED=
	@$(MAKE) --no-print-directory -s all venv $(FAULTS)
	@CUMAE_BUILD=$(abspath $(B)) build/venv/bin/python tests/faults/starve.py
	@CUMAE_BUILD=$(abspath $(B)) build/venv/bin/python tests/faults/ledger.py \
	  --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

FUZZ ?= $(notdir $(FUZZ_TARGETS:$(B)/tests/fuzz/fuzz_%=%))
fuzz: packages-test ## any bytes to each reader, SECONDS=600 each; FUZZ="json gzip"
	@$(MAKE) --no-print-directory -s V=fuzz \
	  $(patsubst %,build/fuzz/tests/fuzz/fuzz_%,$(FUZZ))
	@tests/fuzz/fuzz.sh $(or $(SECONDS),600) $(FUZZ)

fuzz-http: packages-test ## requests made from openapi.json; SECONDS=600
	@$(MAKE) --no-print-directory -s all venv
	@CUMAE_BUILD=$(abspath $(B)) build/venv/bin/python \
	  tests/service/fuzz_http.py $(or $(SECONDS),600)

layers: ## check that dependencies point one way
	@$(MAKE) --no-print-directory -s $(B)/liboptimizers.a
	@tests/layers.sh $(B)/liboptimizers.a

lint: packages-test ## clang-format, clang-tidy, cppcheck
	@tests/lint.sh

format: ## let clang-format have its last word
	@clang-format -i $$(git ls-files '*.c' '*.h')

bench: $(addprefix bench-,$(patsubst tests/bench/bench_%.py,%,$(wildcard tests/bench/bench_*.py))) ## all benchmarks

bench-%: packages-test ## one benchmark: a table, and build/bench/NAME.json
	@$(MAKE) --no-print-directory -s all venv $(BENCH)
	@mkdir -p build/bench
	@build/venv/bin/python tests/bench/bench_$*.py --cumaed $(B)/cumaed $(ARGS)

figures: ## the README's performance section from build/bench/*.json
	@mkdir -p tests/bench/figures
	@cp build/bench/*.json tests/bench/figures/
	@$(PYTHON) tests/bench/figures.py README.md

# ---- installing -------------------------------------------------------------

install: all ## DESTDIR and PREFIX are respected
	install -D -m 755 $(B)/cumaed $(DESTDIR)$(PREFIX)/bin/cumaed
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/local|$(PREFIX)|' service/deploy/cumaed.service \
	  > $(DESTDIR)$(PREFIX)/lib/systemd/system/cumaed.service
	install -D -m 644 $(B)/libcumae.a $(DESTDIR)$(PREFIX)/lib/libcumae.a
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include client/c/cumae.h \
	  client/c/cumae_order.h

clean: ## remove build/
	rm -rf build
