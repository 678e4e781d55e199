# cmake --install gives the command, the library, its headers and find_package(hyped).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set_target_properties(hyped_command PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS hyped hyped_control EXPORT hypedTargets)
install(TARGETS hyped_command)
install(DIRECTORY libhyped models fitting DESTINATION include/hyped FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY experiments/control DESTINATION include/hyped/experiments FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY experiments/report experiments/scenarios experiments/networks DESTINATION share/hyped/experiments
        FILES_MATCHING PATTERN "*.gp" PATTERN "*.toml" PATTERN "twin_genes.tsv")
install(DIRECTORY data/gene_sets DESTINATION share/hyped/data)
install(EXPORT hypedTargets NAMESPACE hyped:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hyped)
configure_package_config_file(cmake/hypedConfig.cmake.in ${CMAKE_BINARY_DIR}/hypedConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hyped)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/hypedConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/hypedConfig.cmake ${CMAKE_BINARY_DIR}/hypedConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hyped)
