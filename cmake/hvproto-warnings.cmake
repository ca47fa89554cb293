# SPDX-License-Identifier: BSD-2-Clause
# hvproto-warnings: link it PRIVATE to compile one of our targets with the warnings we keep at
# zero. src/ adds -Wconversion. Errors are made of them by the presets, never for users.
add_library(hvproto-warnings INTERFACE)
target_compile_options(hvproto-warnings INTERFACE
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
	-Wwrite-strings -Wundef -Wvla
)
