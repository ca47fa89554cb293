/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One child per case, several at a time. A child writes one JSON object to its pipe and ends;
 * one that ends without it has crashed, and its case gets a verdict that says how. What the
 * child wrote to its standard error (a sanitizer's report) goes into that verdict.
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

struct job {
	pid_t pid; /* 0: free */
	int fd;
	FILE *log; /* standard error of the child, an unnamed file */
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
 * Two lines: the result, and its transcript. The parent keeps the second as text for as long as
 * it forks: thousands of small objects would make each fork slower than the case it is for.
 */
static void report(json_t *result, int fd)
{
	json_t *transcript = json_incref(json_object_get(result, "transcript"));
	char *head;
	char *tail;

	json_object_del(result, "transcript");
	head = json_dumps(result, JSON_COMPACT);
	tail = json_dumps(transcript, JSON_COMPACT);
	if (!head || !tail)
		_exit(HVC_EXIT_USAGE);
	write_all(fd, head, strlen(head));
	write_all(fd, "\n", 1);
	write_all(fd, tail, strlen(tail));
}

/*
 * Ends by _exit(): a leak check of the whole heap after each of hundreds of cases would cost
 * more than the cases, and pages of the target are counted by the machine anyway.
 */
static void child(struct hvc_run *run, size_t at, const struct job *job, int fd)
{
	if (job->log)
		dup2(fileno(job->log), STDERR_FILENO);
#ifdef __linux__
	/* A hanging case must not outlive a runner that was killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	report(hvc_perform(run, run->order[at]), fd);
	_exit(HVC_EXIT_OK);
}

static int start(struct pool *pool, struct job *job, size_t at)
{
	int ends[2];

	if (pipe(ends) != 0)
		return -1;
	fflush(NULL);
	memset(job, 0, sizeof(*job));
	job->log = tmpfile();
	job->at = at;
	job->started = seconds();
	job->fd = ends[0];
	job->pid = fork();
	if (job->pid == 0) {
		close(ends[0]);
		child(pool->run, at, job, ends[1]);
	}
	close(ends[1]);
	if (job->pid < 0) {
		job->pid = 0;
		close(ends[0]);
		if (job->log)
			fclose(job->log);
		return -1;
	}
	pool->busy++;
	return 0;
}

static char *log_text(struct job *job)
{
	char *text = hvc_alloc(STDERR_MAX + 1, 1);
	size_t n;

	if (!job->log)
		return text;
	rewind(job->log);
	n = fread(text, 1, STDERR_MAX, job->log);
	text[n] = '\0';
	fclose(job->log);
	job->log = NULL;
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

static json_t *parse_report(const struct job *job)
{
	const char *text = job->text ? job->text : "";
	const char *end = job->size ? memchr(text, '\n', job->size) : NULL;
	json_t *result = end ? json_loadb(text, (size_t)(end - text), 0, NULL) : NULL;

	if (result)
		json_object_set_new(result, "raw",
				    json_stringn(end + 1, job->size - (size_t)(end + 1 - text)));
	return result;
}

/* The child has closed its pipe: take its result, or say how it died. */
static void finish(struct pool *pool, struct job *job)
{
	json_t *result = NULL;
	char *log;
	int status = 0;

	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(job->fd);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !job->timed_out)
		result = parse_report(job);
	if (!result)
		result = verdict_of_crash(pool, job, status);
	log = log_text(job);
	if (*log)
		json_object_set_new(result, "stderr", hvc_json_text(log));
	json_object_set_new(result, "wall_ms", json_real((seconds() - job->started) * 1e3));
	free(log);
	free(job->text);
	hvc_result_settle(pool->run, job->at, result);
	job->pid = 0;
	job->text = NULL;
	pool->busy--;
}

static void receive(struct pool *pool, struct job *job)
{
	char buffer[65536];
	char *more;
	ssize_t n = read(job->fd, buffer, sizeof(buffer));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		finish(pool, job);
		return;
	}
	more = realloc(job->text, job->size + (size_t)n);
	if (!more) {
		kill(job->pid, SIGKILL);
		return;
	}
	memcpy(more + job->size, buffer, (size_t)n);
	job->text = more;
	job->size += (size_t)n;
}

static void stop_late_jobs(struct pool *pool)
{
	double now = seconds();
	unsigned int i;

	for (i = 0; i < pool->limit; i++) {
		struct job *job = &pool->jobs[i];

		if (job->pid && !job->timed_out &&
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
		if (pool->jobs[i].pid == 0)
			return &pool->jobs[i];
	return NULL;
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
			if (start(pool, free_job(pool), next) != 0) {
				hvc_error("cannot start a process: %s", strerror(errno));
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
	run->wall_seconds = seconds() - begin;
	free(pool);
	return rc;
}
