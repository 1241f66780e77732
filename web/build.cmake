# SPDX-License-Identifier: Apache-2.0
# Makes page.cpp, the dashboard as the program carries it. A build never fails for want of Node or of a package registry:
# then the plain page of web/plain goes in, and this says so.
#
#   cmake -D WEB=…/web -D MODULES=folder -D OUTPUT=page.cpp -D TEMPLATE=page.cpp.in -P build.cmake
#
# MODULES keeps the installed packages, for all builds of this checkout; what is there and right needs no network.

function(build_in_plain_page why)
  foreach(part html css js)
    string(TOUPPER PAGE_${part} variable)
    file(READ ${WEB}/plain/page.${part} ${variable})
  endforeach()
  configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
  message(STATUS "dashboard: ${why}; built in the plain page of web/plain instead. To try again: touch web/package.json")
endfunction()

find_program(NODE node)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
  build_in_plain_page("there is no node or no npm here")
  return()
endif()

file(MAKE_DIRECTORY ${MODULES})
file(LOCK ${MODULES} DIRECTORY GUARD PROCESS TIMEOUT 300)
file(SHA256 ${WEB}/package-lock.json wanted)
set(installed "")
if(EXISTS ${MODULES}/installed)
  file(READ ${MODULES}/installed installed)
endif()
if(NOT installed STREQUAL wanted)
  file(COPY ${WEB}/package.json ${WEB}/package-lock.json DESTINATION ${MODULES})
  # --ignore-scripts: nothing of these packages runs while it is installed.
  execute_process(COMMAND ${NPM} ci --prefer-offline --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000
                  WORKING_DIRECTORY ${MODULES} TIMEOUT 240 RESULT_VARIABLE failed
                  OUTPUT_FILE ${MODULES}/npm.log ERROR_FILE ${MODULES}/npm.log)
  if(failed)
    build_in_plain_page("npm ci could not install its packages (${MODULES}/npm.log)")
    return()
  endif()
  file(WRITE ${MODULES}/installed ${wanted})
endif()

# What fails from here on is a mistake in web/, and must be seen.
execute_process(COMMAND ${NODE} ${WEB}/build.mjs ${MODULES} ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
