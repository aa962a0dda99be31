// The library that opens.c opens. It counts from 1 each time.

#include "bench.h"

static uint32_t calls;

BENCH next(uint32_t number) { return number + ++calls; }
