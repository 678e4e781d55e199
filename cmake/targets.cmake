# One object target per layer; together they are the shared library `hyped`. Shared, because a static archive would let
# the linker drop models that only register themselves.
add_library(hyped_settings INTERFACE)
target_include_directories(hyped_settings INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
target_include_directories(hyped_settings SYSTEM INTERFACE ${EIGEN3_INCLUDE_DIRS} ${Boost_INCLUDE_DIRS} ${HDF5_INCLUDE_DIRS}
                           $<TARGET_PROPERTY:ceres,INTERFACE_INCLUDE_DIRECTORIES> ${LIBLZF_INCLUDE_DIRS})
target_compile_definitions(hyped_settings INTERFACE EIGEN_DONT_PARALLELIZE HYPED_VERSION="${PROJECT_VERSION}"
                           $<$<CONFIG:Debug>:HYPED_CHECKS>)
# g++ 12 reports its own AVX-512 intrinsics as maybe-uninitialized.
target_compile_options(hyped_settings INTERFACE -Wall -Wextra -Wno-maybe-uninitialized -Wno-uninitialized -Wno-sign-compare
                       -Wno-restrict)      # false positive of g++ 12 on "text" + std::string
if(HYPED_COVERAGE)
  target_compile_options(hyped_settings INTERFACE --coverage)
  target_link_options(hyped_settings INTERFACE --coverage)
endif()

add_library(hyped SHARED)
add_library(hyped::hyped ALIAS hyped)
function(hyped_layer name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  if(sources)
    add_library(hyped_${name} OBJECT ${sources})
    target_link_libraries(hyped_${name} PRIVATE hyped_settings fmt::fmt OpenMP::OpenMP_CXX)
    target_sources(hyped PRIVATE $<TARGET_OBJECTS:hyped_${name}>)
  endif()
endfunction()
hyped_layer(root libhyped)
foreach(layer model simulate observe tracks distance expression image score ingest store hdf5)
  hyped_layer(${layer} libhyped/${layer})
endforeach()
hyped_layer(simulate_batch libhyped/simulate/batch)
hyped_layer(expression_hashtags libhyped/expression/hashtags)
hyped_layer(ingest_tracks libhyped/ingest/tracks)
hyped_layer(ingest_cells libhyped/ingest/cells)
hyped_layer(expression_preparation libhyped/expression/preparation)
hyped_layer(expression_embedding libhyped/expression/embedding)
foreach(group differential replicates composition)
  hyped_layer(expression_${group} libhyped/expression/${group})
endforeach()
foreach(group calls durations panels)
  hyped_layer(tracks_${group} libhyped/tracks/${group})
endforeach()
foreach(group bulk differential cells counts interactions dialects calibration audit leaderboard streamed)
  hyped_layer(score_${group} libhyped/score/${group})
endforeach()
foreach(group denoise quality segment measure link phases)
  hyped_layer(image_${group} libhyped/image/${group})
endforeach()
hyped_layer(ingest_images libhyped/ingest/images)
hyped_layer(store_images libhyped/store/images)
hyped_layer(ingest_hyped libhyped/ingest/hyped)
hyped_layer(ingest_networks libhyped/ingest/networks)
if(NOT SBML_INCLUDE_DIR STREQUAL "/usr/include")
  target_include_directories(hyped_ingest_networks SYSTEM PRIVATE ${SBML_INCLUDE_DIR})
endif()
hyped_layer(hdf5_stored libhyped/hdf5/stored)
foreach(group cell_cycle delivery reporter gene_network predictors)
  hyped_layer(models_${group} models/${group})
endforeach()
hyped_layer(fitting fitting)
hyped_layer(fitting_networks fitting/networks)
hyped_layer(fitting_interventions fitting/interventions)
foreach(group series cells evidence)
  hyped_layer(fitting_networks_${group} fitting/networks/${group})
endforeach()
target_link_libraries(hyped PRIVATE hyped_settings fmt::fmt Ceres::ceres ${HDF5_C_LIBRARIES} OpenMP::OpenMP_CXX
                      EXPAT::EXPAT PkgConfig::LIBZIP PkgConfig::LIBDEFLATE PkgConfig::LIBLZF ZLIB::ZLIB PkgConfig::IGRAPH ${SBML_LIBRARY}
                      PNG::PNG TIFF::TIFF)
target_include_directories(hyped PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include/hyped>)
target_link_libraries(hyped PUBLIC Eigen3::Eigen)
target_compile_features(hyped PUBLIC cxx_std_20)
set_target_properties(hyped PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})

# Control and design of experiments: a library of its own, so that the solvers behind it are asked of those who plan only.
file(GLOB_RECURSE control_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/experiments/control/*.cpp)
add_library(hyped_control SHARED ${control_sources})
add_library(hyped::control ALIAS hyped_control)
target_link_libraries(hyped_control PUBLIC hyped PRIVATE hyped_settings fmt::fmt OpenMP::OpenMP_CXX PkgConfig::IPOPT PkgConfig::NLOPT)
set_target_properties(hyped_control PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} EXPORT_NAME control)

# What people run: everything behind main(), as an object library that the tests link too.
file(GLOB experiment_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/experiments/*.cpp ${CMAKE_SOURCE_DIR}/experiments/commands/*.cpp
     ${CMAKE_SOURCE_DIR}/experiments/twin/*.cpp ${CMAKE_SOURCE_DIR}/experiments/twin/cells/*.cpp
     ${CMAKE_SOURCE_DIR}/experiments/cycle/*.cpp ${CMAKE_SOURCE_DIR}/experiments/report/*.cpp
     ${CMAKE_SOURCE_DIR}/experiments/network/*.cpp ${CMAKE_SOURCE_DIR}/experiments/tracks/*.cpp ${CMAKE_SOURCE_DIR}/experiments/cells/*.cpp
     ${CMAKE_SOURCE_DIR}/experiments/image/*.cpp ${CMAKE_SOURCE_DIR}/experiments/twin/images/*.cpp
     ${CMAKE_SOURCE_DIR}/experiments/grn/*.cpp ${CMAKE_SOURCE_DIR}/experiments/grn/*/*.cpp ${CMAKE_SOURCE_DIR}/experiments/interventions/*.cpp
     ${CMAKE_SOURCE_DIR}/experiments/planning/*.cpp ${CMAKE_SOURCE_DIR}/experiments/planning/*/*.cpp
     ${CMAKE_SOURCE_DIR}/experiments/benchmark/*.cpp ${CMAKE_SOURCE_DIR}/experiments/benchmark/*/*.cpp)
list(REMOVE_ITEM experiment_sources ${CMAKE_SOURCE_DIR}/experiments/hyped.cpp)
add_library(hyped_experiments OBJECT ${experiment_sources})
target_link_libraries(hyped_experiments PUBLIC hyped hyped_control hyped_settings fmt::fmt OpenMP::OpenMP_CXX)
# Only these files know paths: the others compile to the same objects in every worktree.
set_property(SOURCE ${CMAKE_SOURCE_DIR}/experiments/program_files.cpp ${CMAKE_SOURCE_DIR}/experiments/scenario_data.cpp
                    ${CMAKE_SOURCE_DIR}/experiments/network/network_file.cpp
             APPEND PROPERTY COMPILE_DEFINITIONS HYPED_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                    HYPED_DATA_DIR="${CMAKE_INSTALL_PREFIX}/share/hyped")
add_executable(hyped_command experiments/hyped.cpp)
set_target_properties(hyped_command PROPERTIES OUTPUT_NAME hyped RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
target_link_libraries(hyped_command PRIVATE hyped_experiments)
