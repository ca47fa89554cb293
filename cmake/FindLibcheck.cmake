# SPDX-License-Identifier: BSD-2-Clause
# The unit test framework, as target libcheck::libcheck. For a foreign processor its static
# library lies where HVP_CHECK_ROOT of the tool chain points (tools/setup puts it there).
set(hvp_check_hints)
if(HVP_CHECK_ROOT)
	file(GLOB hvp_check_hints ${HVP_CHECK_ROOT}/usr/lib/*-linux-gnu)
	set(hvp_check_only NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
endif()
find_path(LIBCHECK_INCLUDE check.h HINTS ${HVP_CHECK_ROOT}/usr/include ${hvp_check_only})
find_library(LIBCHECK_LIBRARY NAMES check_pic check HINTS ${hvp_check_hints} ${hvp_check_only})
find_library(LIBCHECK_SUBUNIT NAMES libsubunit.a subunit HINTS ${hvp_check_hints}
	${hvp_check_only}
)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libcheck
	REQUIRED_VARS LIBCHECK_LIBRARY LIBCHECK_SUBUNIT LIBCHECK_INCLUDE
)
if(Libcheck_FOUND AND NOT TARGET libcheck::libcheck)
	find_package(Threads REQUIRED)
	add_library(libcheck::libcheck STATIC IMPORTED)
	set_target_properties(libcheck::libcheck PROPERTIES
		IMPORTED_LOCATION ${LIBCHECK_LIBRARY}
		INTERFACE_INCLUDE_DIRECTORIES ${LIBCHECK_INCLUDE}
		INTERFACE_LINK_LIBRARIES "${LIBCHECK_SUBUNIT};Threads::Threads;rt;m"
	)
endif()
