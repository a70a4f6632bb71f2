#include <parprime.h>

#include <stdlib.h>

char *pp_buffer_reserve(pp_buffer *buffer, size_t extra) {
    if (extra > SIZE_MAX / 2 - buffer->size)
        return NULL;
    size_t needed = buffer->size + extra;
    if (needed > buffer->capacity || !buffer->data) {
        /* Half as much again, so that appending costs amortised constant time. */
        size_t capacity = buffer->capacity + buffer->capacity / 2 + 64;
        if (capacity < needed)
            capacity = needed;
        char *data = realloc(buffer->data, capacity);
        if (!data)
            return NULL;
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}
