// `strptime` reads dates like that of glibc, from which the expected results are.
#define _GNU_SOURCE
#include <emscripten/em_macros.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void read_time(const char *text, const char *format) {
    struct tm tm;
    memset(&tm, 0, sizeof tm);
    const char *end = strptime(text, format, &tm);
    printf("%s as %s: ", text, format);
    if (!end) {
        puts("no");
        return;
    }
    printf("%d-%02d-%02d %02d:%02d:%02d, weekday %d, day %d, %+ld s", tm.tm_year + 1900,
           tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_wday, tm.tm_yday,
           (long)tm.tm_gmtoff);
    puts(*end ? ", and more" : "");
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    read_time("2024-02-29 13:14:15", "%Y-%m-%d %H:%M:%S");
    read_time("2024-02-29T13:14:15+0130 rest", "%FT%T%z");
    read_time("29 Z", "%d %z");
    read_time("1 +5", "%d %z");
    read_time("2023 10 Mon", "%Y %U %a");
    read_time("2023 10 1", "%Y %W %w");
    read_time("2024 366", "%Y %j");
    read_time("2023 60", "%Y %j");
    read_time("60", "%j");
    read_time("12/31/99", "%D");
    read_time("01/02/68", "%D");
    read_time("20 05", "%C %y");
    read_time("PM 11", "%p %I");
    read_time("12 AM", "%I %p");
    read_time("13", "%I");
    read_time("Thu Feb 29 13:14:15 2024", "%c");
    read_time("thursday, february 29 2024", "%A, %B %d %Y");
    read_time("1709212455", "%s");
    read_time("2024-W09-4", "%G-W%V-%u");
    read_time("CET 7", "%Z %d");
    read_time("1600-03-01", "%F");
    read_time("62", "%S");
    read_time("x", "%Q");
    return 42;
}
