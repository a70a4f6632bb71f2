# Writes OUTPUT, a C file that includes HEADER and defines the array NAME of 64-bit words with the
# little-endian contents of the binary file SOURCE.
file(READ "${SOURCE}" words HEX)
string(REGEX REPLACE "(..)(..)(..)(..)(..)(..)(..)(..)" "0x\\8\\7\\6\\5\\4\\3\\2\\1,\n" words "${words}")
file(WRITE "${OUTPUT}" "#include \"${HEADER}\"\n\nconst uint64_t ${NAME}[] = {\n${words}};\n")
