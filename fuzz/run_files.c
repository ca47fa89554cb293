/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A main() for fuzz targets where the compiler brings none: runs the target once on each file
 * named, and on each file of a folder named. Options (a leading '-') are libFuzzer's: ignored.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	if (!file || fstat(fileno(file), &st) != 0) {
		perror(path);
		return 1;
	}
	/* Of exact size, so that a sanitizer sees a read of one byte too far. */
	data = malloc((size_t)st.st_size + (st.st_size == 0));
	size = data ? fread(data, 1, (size_t)st.st_size, file) : 0;
	fclose(file);
	if (data && size == (size_t)st.st_size)
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	return !data || size != (size_t)st.st_size;
}

static int run_folder(const char *path, unsigned int *ran)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char name[4096];
	int bad = 0;

	if (!folder) {
		(*ran)++;
		return run_file(path);
	}
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		bad |= run_file(name);
		(*ran)++;
	}
	closedir(folder);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned int ran = 0;
	int bad = 0;
	int i;

	for (i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			bad |= run_folder(argv[i], &ran);
	printf("%u inputs\n", ran);
	return bad || ran == 0;
}
