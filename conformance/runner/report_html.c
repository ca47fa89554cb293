/* SPDX-License-Identifier: BSD-2-Clause */
/* placeholder until page.c */
#include "hvc.h"
int hvc_report_html(const struct hvc_run *run, FILE *out)
{
	return hvc_report_json(run, out);
}
