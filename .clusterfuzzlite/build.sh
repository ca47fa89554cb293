#!/bin/bash -eu
# SPDX-License-Identifier: BSD-2-Clause
# Called in OSS-Fuzz's and ClusterFuzzLite's image, which set CC, CFLAGS, LIB_FUZZING_ENGINE, WORK
# and OUT.
cd "$SRC/hvproto"
cmake -S . -B "$WORK/hvproto" -G Ninja -DHVP_FUZZ=ON -DHVP_TESTS=OFF -DHVP_CONFORMANCE=OFF \
	-DHVP_CLI=OFF -DHVP_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$WORK/hvproto"
for target in $(fuzz/fuzz list); do
	cp "$WORK/hvproto/fuzz/$target" "$OUT/"
	(cd "fuzz/corpus/$target" && zip -qr "$OUT/${target}_seed_corpus.zip" .)
	cat fuzz/dict/*.dict >"$OUT/$target.dict"
done
