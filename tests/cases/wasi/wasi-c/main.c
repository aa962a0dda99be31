// Target: wasm32-wasi
// C for wasi-libc: streams, the heap, `errno`, numbers, time, functions passed to libc.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int library_sum(const int *numbers, int count);
extern int library_calls;

static int ascending(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

static void at_exit(void) {
    printf("exit handlers run\n");
}

int test(void) {
    atexit(at_exit);
    int numbers[] = {5, 3, 9, 1};
    qsort(numbers, 4, sizeof *numbers, ascending);
    char *text = malloc(64);
    snprintf(text, 64, "%d %d %.3f %s", numbers[0], numbers[3], sqrt(2), "text");
    printf("%s\n", text);
    free(text);

    errno = 0;
    FILE *file = fopen("/missing", "r");
    printf("%d %d\n", file == NULL, errno != 0);
    errno = 0;
    strtol("99999999999999999999", NULL, 10);
    printf("out of range: %d\n", errno == ERANGE);

    struct timespec now;
    printf("%d\n", clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec > 1000000000);
    time_t day = 86400;
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&day));
    printf("%s\n", date);
    fprintf(stderr, "to the standard error\n");

    int sum = library_sum(numbers, 4);
    return library_calls == 1 ? sum + 24 : 0;
}
