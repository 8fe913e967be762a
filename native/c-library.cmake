# The C library: header, static and shared library, and what pkg-config and find_package() read. `cmake --install` puts
# them under its prefix.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

read_list(C_LIBRARY_SOURCES c_api)
list(TRANSFORM C_LIBRARY_SOURCES PREPEND native/)
file(READ package.json PACKAGE_JSON)
string(JSON FORWARDPASS_VERSION GET "${PACKAGE_JSON}" version)
string(REGEX MATCH "^[0-9.]+" FORWARDPASS_NUMBERS "${FORWARDPASS_VERSION}") # without -beta.1 and the like
file(STRINGS native/include/forwardpass.h ABI_LINE REGEX "^#define FP_ABI_VERSION ")
string(REGEX MATCH "[0-9]+$" FORWARDPASS_ABI "${ABI_LINE}")

# Compiled once for both libraries and the tests; only Windows tells a shared library's functions from others.
add_library(forwardpass_c OBJECT ${C_LIBRARY_SOURCES})
target_compile_definitions(forwardpass_c PRIVATE FP_BUILD_SHARED FP_VERSION="${FORWARDPASS_VERSION}")
target_include_directories(forwardpass_c PUBLIC native native/include)
set_target_properties(forwardpass_c PROPERTIES POSITION_INDEPENDENT_CODE ON)

add_library(forwardpass_shared SHARED $<TARGET_OBJECTS:forwardpass_c> $<TARGET_OBJECTS:forwardpass_engine>)
add_library(forwardpass_static STATIC $<TARGET_OBJECTS:forwardpass_c> $<TARGET_OBJECTS:forwardpass_engine>)
foreach(target forwardpass_shared forwardpass_static)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/native/include>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX) # which CMake cannot tell from objects
endforeach()
target_link_libraries(forwardpass_shared PRIVATE Threads::Threads)
target_link_libraries(forwardpass_static PUBLIC Threads::Threads)
if(UNIX)
  target_link_libraries(forwardpass_static INTERFACE m) # which C programs do not link unasked
endif()
target_compile_definitions(forwardpass_static INTERFACE $<$<PLATFORM_ID:Windows>:FP_STATIC>)
set_target_properties(forwardpass_shared PROPERTIES OUTPUT_NAME forwardpass EXPORT_NAME forwardpass
                                                    VERSION ${FORWARDPASS_ABI}.${FORWARDPASS_NUMBERS}
                                                    SOVERSION ${FORWARDPASS_ABI})
set_target_properties(forwardpass_static PROPERTIES EXPORT_NAME static)
if(WIN32)
  set_target_properties(forwardpass_static PROPERTIES OUTPUT_NAME forwardpass_static)
else()
  set_target_properties(forwardpass_static PROPERTIES OUTPUT_NAME forwardpass)
  if(NOT APPLE)
    target_link_options(forwardpass_shared PRIVATE ${LINK_FLAGS} -Wl,--as-needed)
    if(NOT FORWARDPASS_SANITIZE)
      target_link_options(forwardpass_shared PRIVATE -Wl,-z,defs)
    endif()
  endif()
endif()
add_library(forwardpass::forwardpass ALIAS forwardpass_shared)
add_library(forwardpass::static ALIAS forwardpass_static)

install(TARGETS forwardpass_shared forwardpass_static EXPORT forwardpass
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES native/include/forwardpass.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/forwardpass)
install(EXPORT forwardpass NAMESPACE forwardpass:: FILE forwardpassTargets.cmake DESTINATION ${CONFIG_DIR})
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/forwardpassConfig.cmake
     "include(CMakeFindDependencyMacro)\nfind_dependency(Threads)\n"
     "include(\${CMAKE_CURRENT_LIST_DIR}/forwardpassTargets.cmake)\n")
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/forwardpassConfigVersion.cmake
                                 VERSION ${FORWARDPASS_NUMBERS} COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/forwardpassConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/forwardpassConfigVersion.cmake DESTINATION ${CONFIG_DIR})

# Its paths start from where it is itself, so that the prefix may be given at install time; a folder outside the prefix
# stays where it is.
set(PKG_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  set(PC_PREFIX ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH PREFIX_FROM_PC /prefix/${PKG_CONFIG_DIR} /prefix)
  set(PC_PREFIX "\${pcfiledir}/${PREFIX_FROM_PC}")
endif()
foreach(folder LIBDIR INCLUDEDIR)
  set(PC_${folder} ${CMAKE_INSTALL_${folder}})
  if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_${folder}})
    string(PREPEND PC_${folder} "\${prefix}/")
  endif()
endforeach()
configure_file(native/forwardpass.pc.in ${CMAKE_CURRENT_BINARY_DIR}/forwardpass.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/forwardpass.pc DESTINATION ${PKG_CONFIG_DIR})
