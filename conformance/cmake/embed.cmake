# SPDX-License-Identifier: BSD-2-Clause
# cmake -DOUT=file.c -DFILES=a;b -P embed.cmake
# Turns files into a C table, so that the program needs none of them when it runs.

set(text "/* Made by cmake/embed.cmake; not kept. */\n#include <string.h>\n\n#include \"hvc.h\"\n\n")
set(rows "")
set(index 0)
foreach(file IN LISTS FILES)
	get_filename_component(name "${file}" NAME)
	file(READ "${file}" bytes HEX)
	string(LENGTH "${bytes}" digits)
	math(EXPR size "${digits} / 2")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
	string(REGEX REPLACE "(......................................................................)"
		"\\1\n" bytes "${bytes}")
	string(APPEND text "static const char file_${index}[] = {\n${bytes}'\\0'\n};\n")
	string(APPEND rows "\t{ \"${name}\", file_${index}, ${size}u },\n")
	math(EXPR index "${index} + 1")
endforeach()
string(APPEND text "\nstatic const struct hvc_file files[] = {\n${rows}};\n\n"
	"const struct hvc_file *hvc_builtin(const char *name)\n{\n\tsize_t i;\n\n"
	"\tfor (i = 0; i < sizeof(files) / sizeof(files[0]); i++)\n"
	"\t\tif (strcmp(files[i].name, name) == 0)\n\t\t\treturn &files[i];\n"
	"\treturn NULL;\n}\n")
file(WRITE "${OUT}" "${text}")
