/* SPDX-License-Identifier: BSD-2-Clause */
/* The process in which DPDK's driver runs. */
#include "dpdk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ENV 160
#define WORDS 16u

/* Where the programs are: beside each other, where they were built, unless the user says so. */
static const char *programs(void)
{
	const char *folder = getenv("HVP_DPDK_PROGRAMS");

	return folder ? folder : DPDK_FOLDER;
}

/* The tool that the user wants the process to run under, such as a counter of instructions. */
static const char *wrapper(void)
{
	return getenv("HVP_DPDK_WRAPPER");
}

static void command_line(char *argv[WORDS + 2], char *path)
{
	static char words[1024];
	char *word;
	char *rest;
	size_t n = 0;

	snprintf(words, sizeof(words), "%s", wrapper() ? wrapper() : "");
	for (word = strtok_r(words, " ", &rest); word && n < WORDS;
	     word = strtok_r(NULL, " ", &rest))
		argv[n++] = word;
	argv[n++] = path;
	argv[n] = NULL;
}

static void become_client(const struct glue_net *net, int fd)
{
	char preload[ENV + 32];
	char folder[ENV + 32];
	char base[64];
	char path[ENV + 32];
	char *argv[WORDS + 2];
	char *env[] = { preload, folder, base, (char[]){ "PATH=/usr/bin:/bin" }, NULL };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s/hvp-dpdk-shim.so", programs());
	snprintf(folder, sizeof(folder), PEER_ENV_FOLDER "=%s", net->folder);
	snprintf(base, sizeof(base), PEER_ENV_BASE "=%llx", DPDK_BASE);
	snprintf(path, sizeof(path), "%s/hvp-dpdk-client", programs());
	command_line(argv, path);
	if (dup2(fd, PEER_FD) == PEER_FD)
		execve(argv[0], argv, env);
	_exit(127);
}

/* dup2 of a descriptor to itself would leave it to be closed by exec: keep away from PEER_FD. */
static bool pair(int fds[2])
{
	int high;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return false;
	high = fcntl(fds[1], F_DUPFD_CLOEXEC, PEER_FD + 1);
	close(fds[1]);
	fds[1] = high;
	if (high < 0)
		close(fds[0]);
	return high >= 0;
}

bool dpdk_process_start(struct glue_net *net)
{
	int fds[2];

	if (!pair(fds))
		return false;
	net->stopped = false;
	net->patience = wrapper() ? 200 : 1;
	net->pid = fork();
	if (net->pid == 0)
		become_client(net, fds[1]);
	close(fds[1]);
	if (net->pid < 0) {
		close(fds[0]);
		return false;
	}
	net->socket = fds[0];
	return true;
}

/* One that was told to stop ends by itself, soon: tools that watch it write their reports then. */
static bool ended(const struct glue_net *net)
{
	const struct timespec ms = { 0, 1000000 };
	int64_t left = net->stopped ? 1000 * net->patience : 0;

	while (left-- > 0) {
		if (waitpid(net->pid, NULL, WNOHANG) == net->pid)
			return true;
		nanosleep(&ms, NULL);
	}
	return false;
}

void dpdk_process_end(struct glue_net *net)
{
	if (net->socket < 0)
		return;
	close(net->socket);
	net->socket = -1;
	if (ended(net))
		return;
	kill(net->pid, SIGKILL);
	while (waitpid(net->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

bool dpdk_process_say(struct glue_net *net, const struct peer_message *m, const void *bytes)
{
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)m, sizeof(*m) },
		{ (void *)(uintptr_t)bytes, m->size },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = m->size ? 2 : 1 };

	return sendmsg(net->socket, &msg, MSG_NOSIGNAL) == (ssize_t)(sizeof(*m) + m->size);
}

int dpdk_process_hear(struct glue_net *net, struct peer_message *m, int wait_ms)
{
	struct pollfd p = { .fd = net->socket, .events = POLLIN };
	struct iovec iov[2] = { { m, sizeof(*m) }, { net->data, sizeof(net->data) } };
	ssize_t n;

	if (poll(&p, 1, wait_ms) <= 0)
		return 0;
	n = readv(net->socket, iov, 2);
	return n >= (ssize_t)sizeof(*m) && (size_t)n == sizeof(*m) + m->size ? 1 : -1;
}
