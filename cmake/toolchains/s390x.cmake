# SPDX-License-Identifier: BSD-2-Clause
# Debian's cross compiler and qemu's user mode; the unit tests run through ctest as if native.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc-12)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-s390x -L /usr/s390x-linux-gnu)
set(HVP_CHECK_ROOT ${CMAKE_CURRENT_LIST_DIR}/../../build/cross/s390x)
