/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers: child processes that are each given one case after the other. A worker answers a case
 * with a frame on its pipe; one that ends without it has crashed: its case gets a verdict that
 * says how, and a new worker takes the next. What a worker wrote to its standard error during a
 * case (a sanitizer's report) goes into that verdict. Workers live for many cases because a
 * fork, with the page faults that follow it, costs more than most cases.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hvc.h"

#define JOBS_MAX 64u
#define STDERR_MAX 8192u

/* A worker, and the case it is at. */
struct job {
	pid_t pid; /* 0: no such worker */
	int order_fd; /* to the worker: places in the order of the run */
	int fd; /* from it: frames */
	FILE *log; /* its standard error, an unnamed file */
	long log_seen;
	bool busy;
	size_t at; /* in the order of the run */
	char *text;
	size_t size;
	double started;
	bool timed_out;
};

struct pool {
	struct hvc_run *run;
	struct job jobs[JOBS_MAX];
	unsigned int limit;
	unsigned int busy;
};

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, text, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			_exit(HVC_EXIT_USAGE);
		text += done;
		n -= (size_t)done;
	}
}

/*
 * A frame: the sizes of two texts on a line, then the result and its transcript. The parent
 * keeps the second as text: thousands of small objects would make each fork slower.
 */
static void report(json_t *result, int fd)
{
	json_t *transcript = json_incref(json_object_get(result, "transcript"));
	char sizes[64];
	char *head;
	char *tail;

	json_object_del(result, "transcript");
	head = json_dumps(result, JSON_COMPACT);
	tail = json_dumps(transcript, JSON_COMPACT);
	if (!head || !tail)
		_exit(HVC_EXIT_USAGE);
	snprintf(sizes, sizeof(sizes), "%zu %zu\n", strlen(head), strlen(tail));
	write_all(fd, sizes, strlen(sizes));
	write_all(fd, head, strlen(head));
	write_all(fd, tail, strlen(tail));
	free(head);
	free(tail);
	json_decref(transcript);
	json_decref(result);
}

/*
 * Ends by _exit(): a leak check of the whole heap after each run would cost more than the cases,
 * and pages of the target are counted by the machine anyway.
 */
static void work(struct hvc_run *run, const struct job *job, int order_fd, int fd)
{
	size_t at;

	if (job->log)
		dup2(fileno(job->log), STDERR_FILENO);
#ifdef __linux__
	/* A hanging case must not outlive a runner that was killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	while (read(order_fd, &at, sizeof(at)) == (ssize_t)sizeof(at))
		report(hvc_perform(run, run->order[at]), fd);
	_exit(HVC_EXIT_OK);
}

static void forget_worker(struct job *job)
{
	close(job->order_fd);
	close(job->fd);
	if (job->log)
		fclose(job->log);
	free(job->text);
	memset(job, 0, sizeof(*job));
}

/* Ends that other workers hold would keep this one from seeing that the runner is gone. */
static void close_others(const struct pool *pool, const struct job *self)
{
	unsigned int i;

	for (i = 0; i < pool->limit; i++) {
		const struct job *job = &pool->jobs[i];

		if (job == self || job->pid == 0)
			continue;
		close(job->order_fd);
		close(job->fd);
	}
}

static int start(struct pool *pool, struct job *job)
{
	int down[2];
	int up[2];

	if (pipe(down) != 0)
		return -1;
	if (pipe(up) != 0) {
		close(down[0]);
		close(down[1]);
		return -1;
	}
	fflush(NULL);
	memset(job, 0, sizeof(*job));
	job->log = tmpfile();
	job->order_fd = down[1];
	job->fd = up[0];
	job->pid = fork();
	if (job->pid == 0) {
		close(down[1]);
		close(up[0]);
		close_others(pool, job);
		work(pool->run, job, down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	if (job->pid > 0)
		return 0;
	forget_worker(job);
	return -1;
}

/* A worker that died while it was idle shows here: the case is still the next one's. */
static int give(struct pool *pool, struct job *job, size_t at)
{
	if (job->pid == 0 && start(pool, job) != 0)
		return -1;
	job->at = at;
	job->size = 0;
	job->started = seconds();
	job->busy = true;
	pool->busy++;
	return write(job->order_fd, &at, sizeof(at)) == (ssize_t)sizeof(at) ? 0 : -1;
}

/* What the worker wrote to its standard error since its last case. */
static char *log_text(struct job *job)
{
	char *text = hvc_alloc(STDERR_MAX + 1, 1);
	long end;
	size_t n;

	if (!job->log || fseek(job->log, 0, SEEK_END) != 0)
		return text;
	end = ftell(job->log);
	if (end <= job->log_seen || fseek(job->log, job->log_seen, SEEK_SET) != 0)
		return text;
	n = fread(text, 1, STDERR_MAX, job->log);
	text[n] = '\0';
	/* The offset is shared with the worker: it goes on writing at the end. */
	fseek(job->log, 0, SEEK_END);
	job->log_seen = end;
	return text;
}

static char *how_it_ended(const struct pool *pool, const struct job *job, int status)
{
	if (job->timed_out)
		return hvc_printf("still running after %u s of real time: stopped",
				  pool->run->opt->wall_limit);
	if (WIFSIGNALED(status))
		return hvc_printf("killed by signal %d (%s)", WTERMSIG(status),
				  strsignal(WTERMSIG(status)));
	return hvc_printf("ended with status %d before the case did", WEXITSTATUS(status));
}

static json_t *verdict_of_crash(const struct pool *pool, struct job *job, int status)
{
	char *how = how_it_ended(pool, job, status);
	json_t *result = json_pack("{s:s, s:s, s:i, s:[]}", "verdict",
				   job->timed_out ? "timeout" : "crashed", "reason", how, "checks",
				   0, "transcript");

	free(how);
	return result;
}

/* A whole frame, or NULL while some of it is missing. */
static json_t *parse_report(const struct job *job)
{
	const char *body = job->size ? memchr(job->text, '\n', job->size) : NULL;
	size_t head;
	size_t tail;
	json_t *result;

	if (!body++ || sscanf(job->text, "%zu %zu", &head, &tail) != 2)
		return NULL;
	if (job->size - (size_t)(body - job->text) < head + tail)
		return NULL;
	result = json_loadb(body, head, 0, NULL);
	if (result)
		json_object_set_new(result, "raw", json_stringn(body + head, tail));
	return result;
}

/* Takes @result over. */
static void settle(struct pool *pool, struct job *job, json_t *result)
{
	char *log = log_text(job);

	if (*log)
		json_object_set_new(result, "stderr", hvc_json_text(log));
	json_object_set_new(result, "wall_ms", json_real((seconds() - job->started) * 1e3));
	free(log);
	hvc_result_settle(pool->run, job->at, result);
	job->size = 0;
	job->busy = false;
	pool->busy--;
}

/* The worker has closed its pipe: if it was at a case, say how it died. */
static void bury(struct pool *pool, struct job *job)
{
	int status = 0;

	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (job->busy)
		settle(pool, job, verdict_of_crash(pool, job, status));
	forget_worker(job);
}

static void receive(struct pool *pool, struct job *job)
{
	char buffer[65536];
	json_t *result;
	char *more;
	ssize_t n = read(job->fd, buffer, sizeof(buffer));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		bury(pool, job);
		return;
	}
	more = realloc(job->text, job->size + (size_t)n + 1);
	if (!more) {
		kill(job->pid, SIGKILL);
		return;
	}
	memcpy(more + job->size, buffer, (size_t)n);
	job->text = more;
	job->size += (size_t)n;
	job->text[job->size] = '\0';
	result = parse_report(job);
	if (result)
		settle(pool, job, result);
}

static void stop_late_jobs(struct pool *pool)
{
	double now = seconds();
	unsigned int i;

	for (i = 0; i < pool->limit; i++) {
		struct job *job = &pool->jobs[i];

		if (job->busy && !job->timed_out &&
		    now - job->started > (double)pool->run->opt->wall_limit) {
			job->timed_out = true;
			kill(job->pid, SIGKILL);
		}
	}
}

static void wait_for_any(struct pool *pool)
{
	struct pollfd fds[JOBS_MAX];
	struct job *jobs[JOBS_MAX];
	nfds_t n = 0;
	nfds_t i;

	for (i = 0; i < pool->limit; i++) {
		if (pool->jobs[i].pid == 0)
			continue;
		jobs[n] = &pool->jobs[i];
		fds[n].fd = pool->jobs[i].fd;
		fds[n].events = POLLIN;
		fds[n].revents = 0;
		n++;
	}
	if (poll(fds, n, 200) < 0)
		return;
	for (i = 0; i < n; i++)
		if (fds[i].revents)
			receive(pool, jobs[i]);
	stop_late_jobs(pool);
}

static struct job *free_job(struct pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->limit; i++)
		if (!pool->jobs[i].busy)
			return &pool->jobs[i];
	return NULL;
}

/* Without orders a worker ends. */
static void dismiss(struct pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->limit; i++) {
		struct job *job = &pool->jobs[i];

		if (job->pid == 0)
			continue;
		close(job->order_fd);
		job->order_fd = -1;
		while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
			;
		forget_worker(job);
	}
}

static void run_here(struct hvc_run *run, size_t at)
{
	double begin = seconds();
	json_t *result = hvc_perform(run, run->order[at]);

	json_object_set_new(result, "wall_ms", json_real((seconds() - begin) * 1e3));
	hvc_result_settle(run, at, result);
}

/* Cases [from, to) of the order. */
static int run_range(struct pool *pool, size_t from, size_t to)
{
	size_t next = from;

	while (next < to || pool->busy > 0) {
		if (!pool->run->opt->fork) {
			run_here(pool->run, next++);
			continue;
		}
		while (next < to && pool->busy < pool->limit) {
			if (give(pool, free_job(pool), next) != 0) {
				hvc_error("cannot give a worker a case: %s", strerror(errno));
				return -1;
			}
			next++;
		}
		wait_for_any(pool);
	}
	return 0;
}

/* Places of the order: [0] the sanity case, [1..count-2] the cases, [count-1] it again. */
int hvc_pool_run(struct hvc_run *run)
{
	struct pool *pool = hvc_alloc(1, sizeof(*pool));
	double begin = seconds();
	size_t first = run->sanity ? 1 : 0;
	int rc = 0;

	pool->run = run;
	pool->limit = run->opt->jobs > JOBS_MAX ? JOBS_MAX : run->opt->jobs;
	if (first)
		rc = run_range(pool, 0, 1);
	if (first && rc == 0 && hvc_is_bad(run->results[0]))
		run->bail = "the target fails the sanity case: no other result would mean anything";
	if (rc == 0 && !run->bail)
		rc = run_range(pool, first, run->count - first);
	if (rc == 0 && !run->bail && first)
		rc = run_range(pool, run->count - 1, run->count);
	dismiss(pool);
	run->wall_seconds = seconds() - begin;
	free(pool);
	return rc;
}
