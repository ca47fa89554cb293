# SPDX-License-Identifier: BSD-2-Clause
# A thin front: every target sets up what is missing, then calls CMake presets and tools/.
# `make` alone prints what there is. Set HVP_NO_SETUP=1 to install nothing.

JOBS ?= $(shell nproc)
REPORT := build/report
TARGET ?= hvproto

setup = @[ -n "$$HVP_NO_SETUP" ] || tools/setup $(1)
define preset
@echo "build: preset $(1)"
@mkdir -p build && cmake --preset $(1) >build/$(1).log 2>&1 || { cat build/$(1).log; exit 1; }
@cmake --build --preset $(1) -j $(JOBS) $(2)
endef

.DEFAULT_GOAL := help
.PHONY: help setup conformance check prove coverage bench fuzz fuzz-smoke check-report \
	install-test format clean

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

setup: ## install every package that anything here needs (Debian)
	$(call setup)

conformance: ## run the suites against TARGET (hvproto, minimal or ./driver.so) and write the report
	$(call setup,build suite)
	$(call preset,suite)
	@tools/conformance --build build/suite --report $(REPORT) --target $(TARGET)

check: ## build and pass every check that CI runs; ONLY=step,step SKIP=step,step
	$(call setup)
	@tools/check $(if $(ONLY),--only $(ONLY)) $(if $(SKIP),--skip $(SKIP))

prove: ## prove memory safety of codecs, cursors and ring arithmetic (Frama-C WP)
	$(call setup,build proofs)
	@proofs/prove --record

coverage: ## lines and branches of src/ that the tests run, printed and as HTML
	$(call setup,build suite tests)
	@tools/coverage --html $(REPORT)/coverage

bench: ## speed of ring and network engine against memcpy, of the ring against DPDK's too
	$(call setup,build peers)
	$(call preset,bench)
	@build/bench/bench/ring_bench
	@build/bench/bench/net_bench

fuzz: ## fuzz until interrupted; FUZZ=codec_fuzz picks the target, FUZZ_ARGS are libFuzzer's
	$(call setup,build fuzz)
	$(call preset,fuzz)
	@fuzz/fuzz run $(or $(FUZZ),codec_fuzz) $(FUZZ_ARGS)

fuzz-smoke: ## each fuzz target for a moment, by libFuzzer and by AFL++
	$(call setup,build fuzz)
	@fuzz/fuzz smoke

check-report: ## open the report in headless Chromium; try its filter and its links
	$(call setup,build suite tests)
	$(call preset,suite)
	@tools/conformance --build build/suite --report $(REPORT) --target hvproto
	@conformance/tests/check-report $(REPORT)/conformance.html

install-test: ## install to a scratch folder and build five-line consumers of it
	$(call setup,build)
	@tools/install-test

format: ## apply .clang-format to the C files that git tracks
	$(call setup,tests)
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

clean: ## remove build/
	rm -rf build
