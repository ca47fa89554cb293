/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvc_main.h - the conformance runner as one call, for programs that carry it
 *
 * Thread rule: one call at a time in a process; it forks. Ownership: borrows its arguments.
 */
#ifndef HVC_MAIN_H
#define HVC_MAIN_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * hvc_main() - `hvproto conformance run|list|explain ...`
 * @argc: arguments, the name of the program included
 * @argv: argv[1] is the verb
 *
 * Return: exit code: 0 all as expected, 1 a case failed, 2 wrong usage, suites or target.
 */
int hvc_main(int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif /* HVC_MAIN_H */
