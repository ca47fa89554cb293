# SPDX-License-Identifier: BSD-2-Clause
# Debian's cross compiler and qemu's user mode; the unit tests run through ctest as if native.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc-12)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
set(HVP_CHECK_ROOT ${CMAKE_CURRENT_LIST_DIR}/../../build/cross/arm64)
