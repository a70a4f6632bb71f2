#include "math/lucas.h"

#include "lucas64.h"

unsigned lucas_search_parameter(uint64_t n) {
    return l64_search_parameter(n);
}

bool lucas_extra_strong(uint64_t n) {
    return l64_extra_strong(n);
}
