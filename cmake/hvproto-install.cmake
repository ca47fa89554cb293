# SPDX-License-Identifier: BSD-2-Clause
# What `cmake --install` leaves: libraries, headers, the CMake package and the pkg-config file.

set(hvp_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hvproto)
set(hvp_installed hvproto)
if(TARGET hvmock)
	list(APPEND hvp_installed hvmock)
endif()

install(TARGETS ${hvp_installed} EXPORT hvproto-targets FILE_SET HEADERS)
install(EXPORT hvproto-targets NAMESPACE hvproto:: DESTINATION ${hvp_package_dir})
configure_package_config_file(cmake/hvproto-config.cmake.in hvproto-config.cmake
	INSTALL_DESTINATION ${hvp_package_dir}
)
write_basic_package_version_file(hvproto-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
	${PROJECT_BINARY_DIR}/hvproto-config.cmake
	${PROJECT_BINARY_DIR}/hvproto-config-version.cmake
	DESTINATION ${hvp_package_dir}
)
# The prefix is told relative to the file, so that an installed tree can be moved.
file(RELATIVE_PATH hvp_pc_to_prefix
	/${CMAKE_INSTALL_LIBDIR}/pkgconfig /
)
# A static library brings its dependencies to the link of whoever uses it.
if(NOT BUILD_SHARED_LIBS)
	set(hvp_pc_mock_needs ", libpcap")
endif()
foreach(library IN LISTS hvp_installed)
	configure_file(cmake/${library}.pc.in ${library}.pc @ONLY)
	install(FILES ${PROJECT_BINARY_DIR}/${library}.pc
		DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
	)
endforeach()
