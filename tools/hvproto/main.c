/* SPDX-License-Identifier: BSD-2-Clause */
/* hvproto: the command line program. Which command, and what is common to all of them. */
#include "cli.h"

#include <string.h>

#ifdef CLI_WITH_CONFORMANCE
#include <hvc_main.h>
#endif

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
};

static int cmd_conformance(int argc, char **argv)
{
#ifdef CLI_WITH_CONFORMANCE
	return hvc_main(argc, argv);
#else
	(void)argc;
	(void)argv;
	cli_error("built without the conformance runner (HVP_CONFORMANCE)");
	return CLI_USAGE;
#endif
}

static const struct command commands[] = {
	{ "decode", cmd_decode, "what captured bytes say: a message, hex text, a trace" },
	{ "encode", cmd_encode, "the bytes of a message from its fields" },
	{ "spec", cmd_spec, "what the spec says of a protocol, message, requirement or bug" },
	{ "conformance", cmd_conformance, "run, list or explain the conformance suites" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	size_t i;

	fputs("usage: hvproto COMMAND [OPTIONS] [ARGUMENTS]\n"
	      "       hvproto COMMAND --help\n"
	      "\n",
	      out);
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-12s  %s\n", commands[i].name, commands[i].text);
	fputs("\n"
	      "  -h, --help    this text\n"
	      "  --version     version of the program\n"
	      "\n"
	      "Exit status: 0 done, 1 the data are at fault (a bad message, a failed case),\n"
	      "2 the command line is. Colour only on a terminal, and not with NO_COLOR set.\n",
	      out);
}

static int unknown(const char *name)
{
	const char *names[COMMANDS];
	const char *near;
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	near = cli_suggest(name, names, COMMANDS);
	if (near)
		cli_error("no command '%s'; did you mean '%s'?", name, near);
	else
		cli_error("no command '%s'; see `hvproto --help`", name);
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("hvproto " CLI_PROGRAM_VERSION);
		return CLI_OK;
	}
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return unknown(argv[1]);
}
