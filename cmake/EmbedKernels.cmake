# Writes OUTPUT, a C file with the bytes of each of SOURCES (a list separated by |), so that the
# library carries its kernels: byte arrays, since a string literal may be too long for C.
string(REPLACE "|" ";" files "${SOURCES}")
set(text "/* Written by cmake/EmbedKernels.cmake. */\n#include \"backend/opencl/kernels.h\"\n\n")
set(table "")
set(index 0)
foreach(file IN LISTS files)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)"
         "\\1\n" bytes "${bytes}")
  get_filename_component(name "${file}" NAME)
  string(APPEND text "static const unsigned char file_${index}[] = {\n${bytes}};\n")
  string(APPEND table "    {\"${name}\", file_${index}, sizeof file_${index}},\n")
  math(EXPR index "${index} + 1")
endforeach()
string(APPEND text "\nconst struct kernel_file kernel_files[] = {\n${table}};\n")
string(APPEND text "const size_t n_kernel_files = ${index};\n")
file(WRITE "${OUTPUT}" "${text}")
