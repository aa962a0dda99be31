// zstd compresses generated text.

#include "bench.h"

#include <stdlib.h>
#include <zstd.h>

enum { WORDS = 500, LONGEST = 10 };

// Words, some more frequent than others.
static void write_text(char *text, uint32_t size) {
    static char words[WORDS][LONGEST];
    static uint32_t lengths[WORDS];
    uint64_t state = 1;
    for (int word = 0; word < WORDS; word++) {
        lengths[word] = 2 + next_random(&state) % (LONGEST - 2);
        for (uint32_t i = 0; i < lengths[word]; i++) words[word][i] = 'a' + next_random(&state) % 26;
    }
    for (uint32_t at = 0; at < size;) {
        uint32_t word = next_random(&state) % (1 + next_random(&state) % WORDS);
        for (uint32_t i = 0; i < lengths[word] && at < size; i++) text[at++] = words[word][i];
        if (at < size) text[at++] = next_random(&state) % 12 ? ' ' : '\n';
    }
}

BENCH compress(uint32_t size) {
    static char *text;
    if (!text) {
        text = malloc(size);
        if (!text) return 0;
        write_text(text, size);
    }
    size_t bound = ZSTD_compressBound(size);
    void *compressed = malloc(bound);
    if (!compressed) return 0;
    size_t length = ZSTD_compress(compressed, bound, text, size, 3);
    // A sample: hashing all would count as compressing.
    uint32_t hash = hash_bytes((uint32_t)length, compressed, (uint32_t)length, 61);
    free(compressed);
    return hash;
}
