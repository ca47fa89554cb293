# SPDX-License-Identifier: BSD-2-Clause
# 32-bit x86 by the native compiler (gcc-12-multilib). Run by qemu, since not every kernel that
# builds us can run 32-bit programs.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(CMAKE_C_COMPILER gcc-12)
set(CMAKE_C_FLAGS_INIT -m32)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-i386)
set(HVP_CHECK_ROOT ${CMAKE_CURRENT_LIST_DIR}/../../build/cross/i386)
