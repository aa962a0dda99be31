// `strptime`, with the behaviour of glibc's. musl's ignores `%U`, `%W` and time zones, and computes
// neither the weekday nor the day of the year.

#define _GNU_SOURCE
#include <ctype.h>
#include <langinfo.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

// The rest of the input, and what was read in addition to the fields of `tm`.
struct reader {
    const char *at;
    struct tm *tm;
    bool has_month, has_day, has_weekday, has_yearday;
    // The date has changed, so the weekday and the day of the year must be computed from it.
    bool has_date;
    bool is_12_hours, is_afternoon;
    // -1 until it was read.
    int century, year_of_century, week;
    // The first weekday of these weeks.
    int first_weekday;
};

static void skip_space(struct reader *reader) {
    while (isspace((unsigned char)*reader->at)) {
        reader->at++;
    }
}

// Reads a number of at most `digits` digits. Returns whether there is one, within the range.
static bool number(struct reader *reader, int digits, int min, int max, int *out) {
    skip_space(reader);
    int value = 0;
    const char *start = reader->at;
    for (; digits > 0 && isdigit((unsigned char)*reader->at) && value <= max; digits--) {
        value = value * 10 + (*reader->at++ - '0');
    }
    *out = value;
    return reader->at > start && value >= min && value <= max;
}

// Skips a word, if it is next in the input. Returns whether it was.
static bool word(struct reader *reader, const char *word) {
    size_t length = strlen(word);
    bool found = length && strncasecmp(reader->at, word, length) == 0;
    reader->at += found ? length : 0;
    return found;
}

// Reads one of `count` names. The locale has them in full and abbreviated.
static bool name(struct reader *reader, nl_item full, nl_item abbreviated, int count, int *out) {
    for (int i = 0; i < count; i++) {
        if (word(reader, nl_langinfo(full + i)) || word(reader, nl_langinfo(abbreviated + i))) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool half_of_day(struct reader *reader) {
    reader->is_afternoon = word(reader, nl_langinfo(PM_STR));
    return reader->is_afternoon || word(reader, nl_langinfo(AM_STR));
}

static bool two_digits(const char *at) {
    return isdigit((unsigned char)at[0]) && isdigit((unsigned char)at[1]);
}

// Reads `Z`, `+hh`, `+hhmm` or `+hh:mm`.
static bool time_zone(struct reader *reader) {
    skip_space(reader);
    int hours = 0, minutes = 0, sign = *reader->at == '-' ? -1 : 1;
    if (*reader->at == 'Z') {
        reader->at++;
    } else {
        bool has_sign = *reader->at == '-' || *reader->at == '+';
        if (!has_sign || !two_digits(++reader->at) || !number(reader, 2, 0, 24, &hours)) {
            return false;
        }
        reader->at += *reader->at == ':';
        if (two_digits(reader->at) && !number(reader, 2, 0, 59, &minutes)) {
            return false;
        }
    }
    reader->tm->tm_gmtoff = sign * (hours * 3600L + minutes * 60);
    return true;
}

// Skips the name of a time zone. Names are ambiguous, so the time zone remains unknown.
static bool zone_name(struct reader *reader) {
    skip_space(reader);
    while (*reader->at && !isspace((unsigned char)*reader->at)) {
        reader->at++;
    }
    return true;
}

static bool seconds_since_1970(struct reader *reader) {
    char *end;
    time_t time = strtoll(reader->at, &end, 10);
    bool found = end != reader->at && localtime_r(&time, reader->tm);
    reader->at = end;
    return found;
}

static bool year(struct reader *reader, int digits) {
    int value;
    bool found = number(reader, digits, 0, INT_MAX / 10 - 1, &value);
    reader->tm->tm_year = value - 1900;
    reader->century = reader->year_of_century = -1;
    reader->has_date = true;
    return found;
}

static bool week(struct reader *reader, int first_weekday) {
    reader->first_weekday = first_weekday;
    return number(reader, 2, 0, 53, &reader->week);
}

static bool month(struct reader *reader, bool found) {
    return reader->has_month = reader->has_date = found;
}

static bool weekday(struct reader *reader, bool found) {
    reader->tm->tm_wday %= 7;
    return reader->has_weekday = found;
}

static bool text(struct reader *reader, const char *format);

// Reads the value for `%` and a letter. `width` is the number of digits in the format, or -1.
static bool conversion(struct reader *reader, char letter, int width) {
    struct tm *tm = reader->tm;
    int ignored;
    switch (letter) {
    case 'a':
    case 'A':
        return weekday(reader, name(reader, DAY_1, ABDAY_1, 7, &tm->tm_wday));
    case 'b':
    case 'B':
    case 'h':
        return month(reader, name(reader, MON_1, ABMON_1, 12, &tm->tm_mon));
    case 'c':
        return text(reader, nl_langinfo(D_T_FMT));
    case 'C':
        reader->has_date = true;
        return number(reader, width < 0 ? 2 : width, 0, INT_MAX / 100 - 20, &reader->century);
    case 'd':
    case 'e':
        reader->has_day = reader->has_date = true;
        return number(reader, 2, 1, 31, &tm->tm_mday);
    case 'D':
        return text(reader, "%m/%d/%y");
    case 'F':
        return text(reader, "%Y-%m-%d");
    case 'g':
        return number(reader, 2, 0, 99, &ignored);
    case 'G':
        return number(reader, 4, 0, 9999, &ignored);
    case 'H':
    case 'k':
        reader->is_12_hours = false;
        return number(reader, 2, 0, 23, &tm->tm_hour);
    case 'I':
    case 'l': {
        bool found = number(reader, 2, 1, 12, &tm->tm_hour);
        tm->tm_hour %= 12;
        return reader->is_12_hours = found;
    }
    case 'j': {
        bool found = number(reader, 3, 1, 366, &tm->tm_yday);
        tm->tm_yday--;
        return reader->has_yearday = found;
    }
    case 'm': {
        bool found = number(reader, 2, 1, 12, &tm->tm_mon);
        tm->tm_mon--;
        return month(reader, found);
    }
    case 'M':
        return number(reader, 2, 0, 59, &tm->tm_min);
    case 'n':
    case 't':
        skip_space(reader);
        return true;
    case 'p':
        return half_of_day(reader);
    case 'r':
        return text(reader, nl_langinfo(T_FMT_AMPM));
    case 'R':
        return text(reader, "%H:%M");
    case 's':
        return seconds_since_1970(reader);
    case 'S':
        return number(reader, 2, 0, 61, &tm->tm_sec);
    case 'T':
        return text(reader, "%H:%M:%S");
    case 'u':
        return weekday(reader, number(reader, 1, 1, 7, &tm->tm_wday));
    case 'U':
        return week(reader, 0);
    case 'V':
        return number(reader, 2, 0, 53, &ignored);
    case 'w':
        return weekday(reader, number(reader, 1, 0, 6, &tm->tm_wday));
    case 'W':
        return week(reader, 1);
    case 'x':
        return text(reader, nl_langinfo(D_FMT));
    case 'X':
        return text(reader, nl_langinfo(T_FMT));
    case 'y':
        reader->has_date = true;
        return number(reader, 2, 0, 99, &reader->year_of_century);
    case 'Y':
        return year(reader, width < 0 ? 4 : width);
    case 'z':
        return time_zone(reader);
    case 'Z':
        return zone_name(reader);
    case '%':
        return word(reader, "%");
    default:
        return false;
    }
}

// Reads the input as the format describes it.
static bool text(struct reader *reader, const char *format) {
    for (; *format; format++) {
        if (isspace((unsigned char)*format)) {
            skip_space(reader);
        } else if (*format != '%') {
            if (*reader->at++ != *format) {
                return false;
            }
        } else {
            // Flags and modifiers are for `strftime`, and have no effect here.
            format += 1 + strspn(format + 1, "-_0^#+");
            int width = -1;
            if (isdigit((unsigned char)*format)) {
                char *end;
                width = (int)strtoul(format, &end, 10);
                format = end;
            }
            format += *format == 'E' || *format == 'O';
            if (!*format || !conversion(reader, *format, width)) {
                return false;
            }
        }
    }
    return true;
}

static bool is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Returns the day of the year on which a month starts. Month 12 is January of the next year.
static int month_start(const struct tm *tm, int month) {
    static const int starts[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    return starts[month] + (month > 1 && is_leap(tm->tm_year + 1900));
}

// Returns the weekday of January 1st. It repeats every 400 years.
static int first_weekday_of_year(const struct tm *tm) {
    int before = ((tm->tm_year + 1900) % 400 + 400 - 1) % 400;
    return (1 + before * 365 + before / 4 - before / 100) % 7;
}

static void set_year(struct reader *reader) {
    struct tm *tm = reader->tm;
    if (reader->year_of_century >= 0) {
        tm->tm_year = reader->year_of_century + (reader->year_of_century < 69 ? 100 : 0);
    }
    if (reader->century >= 0) {
        int rest = reader->year_of_century >= 0 ? reader->year_of_century : 0;
        tm->tm_year = reader->century * 100 + rest - 1900;
    }
}

// Sets the month and the day from the day of the year, unless they were read.
static void set_month_and_day(struct reader *reader) {
    struct tm *tm = reader->tm;
    int month = 11;
    while (month > 0 && month_start(tm, month) > tm->tm_yday) {
        month--;
    }
    if (!reader->has_month) {
        tm->tm_mon = month;
    }
    if (!reader->has_day) {
        tm->tm_mday = tm->tm_yday - month_start(tm, month) + 1;
    }
    reader->has_month = reader->has_day = true;
}

// Sets the day of the year from the week and the weekday. Days before the first week are in week 0.
static void set_day_of_week(struct reader *reader) {
    int first = reader->first_weekday, weekday = reader->tm->tm_wday;
    int first_week = (7 - (first_weekday_of_year(reader->tm) - first)) % 7;
    reader->tm->tm_yday = first_week + (reader->week - 1) * 7 + (weekday - first + 7) % 7;
}

static void set_weekday_and_yearday(struct reader *reader) {
    struct tm *tm = reader->tm;
    // If no month was read, this uses the one that the caller has set.
    if (tm->tm_mon < 0 || tm->tm_mon > 11) {
        return;
    }
    int yearday = month_start(tm, tm->tm_mon) + tm->tm_mday - 1;
    if (!reader->has_yearday) {
        tm->tm_yday = yearday;
    }
    if (!reader->has_weekday) {
        tm->tm_wday = ((first_weekday_of_year(tm) + yearday) % 7 + 7) % 7;
    }
}

// Computes the other fields from those that were read.
static void complete(struct reader *reader) {
    struct tm *tm = reader->tm;
    if (reader->is_12_hours && reader->is_afternoon) {
        tm->tm_hour += 12;
    }
    set_year(reader);
    bool has_month_and_day = reader->has_month && reader->has_day;
    if (reader->week >= 0 && reader->has_weekday && !reader->has_yearday && !has_month_and_day) {
        set_day_of_week(reader);
        reader->has_yearday = reader->has_date = true;
    }
    if (reader->has_date && reader->has_yearday && !has_month_and_day) {
        set_month_and_day(reader);
    }
    if (reader->has_date) {
        set_weekday_and_yearday(reader);
    }
}

char *strptime(const char *restrict string, const char *restrict format, struct tm *restrict tm) {
    struct reader reader = {
        .at = string, .tm = tm, .century = -1, .year_of_century = -1, .week = -1};
    if (!text(&reader, format)) {
        return NULL;
    }
    complete(&reader);
    return (char *)reader.at;
}
