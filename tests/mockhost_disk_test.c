/* SPDX-License-Identifier: BSD-2-Clause */
/* What is behind logical units: memory and raw images. */
#include <check.h>
#include <hvmock/disk.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1ull << 20)
#define TIB (1ull << 40)

static char path[] = "/tmp/hvp-disk-XXXXXX";

static void make_path(void)
{
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static struct hvm_disk_backend *open_file(uint64_t size, bool read_only)
{
	char error[HVM_DISK_ERROR_SIZE] = "";
	struct hvm_disk_backend *b = hvm_disk_file(path, size, read_only, error);

	ck_assert_msg(b, "%s", error);
	return b;
}

static struct hvm_disk_backend *backend(int kind, uint64_t size)
{
	if (kind == 0)
		return hvm_disk_memory(size);
	make_path();
	return open_file(size, false);
}

static void done(int kind, struct hvm_disk_backend *b)
{
	b->free(b);
	if (kind != 0)
		unlink(path);
}

START_TEST(bytes_come_back_across_chunks_and_others_are_zero)
{
	struct hvm_disk_backend *b = backend(_i, MIB);
	uint8_t in[200000];
	uint8_t out[200002];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 13 + i / 256);
	ck_assert(b->write(b, 65000, in, sizeof(in)));
	ck_assert(b->read(b, 64999, out, sizeof(out)));
	ck_assert_mem_eq(out + 1, in, sizeof(in));
	ck_assert_uint_eq(out[0] | out[200001], 0);
	ck_assert(b->flush(b));
	done(_i, b);
}
END_TEST

START_TEST(what_is_discarded_reads_as_zero_and_the_rest_stays)
{
	struct hvm_disk_backend *b = backend(_i, MIB);
	static uint8_t in[4 * 65536];
	static uint8_t out[4 * 65536];

	memset(in, 0x77, sizeof(in));
	ck_assert(b->write(b, 0, in, sizeof(in)));
	ck_assert(b->discard(b, 4096, 3 * 65536));
	ck_assert(b->read(b, 0, out, sizeof(out)));
	memset(in + 4096, 0, 3 * 65536);
	ck_assert_mem_eq(out, in, sizeof(in));
	done(_i, b);
}
END_TEST

START_TEST(a_disk_of_many_tebibytes_costs_what_was_written)
{
	struct hvm_disk_backend *b = backend(_i, 3 * TIB);
	char in[] = "far behind two tebibytes";
	char out[sizeof(in)];

	ck_assert_uint_eq(b->size, 3 * TIB);
	ck_assert(b->write(b, 3 * TIB - sizeof(in), in, sizeof(in)));
	ck_assert(b->read(b, 3 * TIB - sizeof(in), out, sizeof(out)));
	ck_assert_str_eq(out, in);
	done(_i, b);
}
END_TEST

/* The child is killed right after it has flushed, as a host that dies would be. */
START_TEST(what_was_flushed_is_in_the_file_after_a_kill)
{
	uint8_t in[65536];
	uint8_t out[65536];
	struct hvm_disk_backend *b;
	int told[2];
	pid_t child;
	char go;

	memset(in, 0x5a, sizeof(in));
	make_path();
	ck_assert_int_eq(pipe(told), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		b = open_file(MIB, false);
		if (b->write(b, 12345, in, sizeof(in)) && b->flush(b))
			(void)!write(told[1], "x", 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(told[0], &go, 1), 1);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	close(told[0]);
	close(told[1]);
	b = open_file(0, true);
	ck_assert_uint_eq(b->size, MIB);
	ck_assert(b->read(b, 12345, out, sizeof(out)));
	ck_assert_mem_eq(out, in, sizeof(in));
	ck_assert(!b->write(b, 0, in, 1));
	done(1, b);
}
END_TEST

START_TEST(a_file_that_cannot_be_had_is_an_error_that_names_it)
{
	char error[HVM_DISK_ERROR_SIZE] = "";

	ck_assert_ptr_null(hvm_disk_file("/nonexistent/disk.img", MIB, false, error));
	ck_assert_ptr_nonnull(strstr(error, "/nonexistent/disk.img"));
	ck_assert_ptr_null(hvm_disk_file("/nonexistent/disk.img", 0, true, error));
}
END_TEST

START_TEST(a_unit_outside_its_ranges_is_refused_and_its_backend_freed)
{
	struct hvm_lun_config cfg = HVM_LUN_CONFIG_INIT;
	struct hvm_lun *l;

	ck_assert_ptr_null(hvm_lun_new(&cfg)); /* a disk without a backend */
	cfg.backend = hvm_disk_memory(MIB);
	cfg.block_size = 1000;
	ck_assert_ptr_null(hvm_lun_new(&cfg));
	cfg.backend = hvm_disk_memory(MIB);
	cfg.block_size = 4096;
	cfg.physical_size = 512;
	ck_assert_ptr_null(hvm_lun_new(&cfg));
	cfg.backend = hvm_disk_memory(100);
	cfg.block_size = 0;
	cfg.physical_size = 0;
	ck_assert_ptr_null(hvm_lun_new(&cfg));
	cfg.backend = hvm_disk_memory(MIB);
	l = hvm_lun_new(&cfg);
	ck_assert_ptr_nonnull(l);
	ck_assert_uint_eq(hvm_lun_blocks(l), MIB / 512);
	ck_assert_uint_eq(hvm_lun_block_size(l), 512);
	hvm_lun_free(l);
	hvm_lun_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mock disks");
	TCase *tc = tcase_create("disks");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, bytes_come_back_across_chunks_and_others_are_zero, 0, 2);
	tcase_add_loop_test(tc, what_is_discarded_reads_as_zero_and_the_rest_stays, 0, 2);
	tcase_add_loop_test(tc, a_disk_of_many_tebibytes_costs_what_was_written, 0, 2);
	tcase_add_test(tc, what_was_flushed_is_in_the_file_after_a_kill);
	tcase_add_test(tc, a_file_that_cannot_be_had_is_an_error_that_names_it);
	tcase_add_test(tc, a_unit_outside_its_ranges_is_refused_and_its_backend_freed);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
