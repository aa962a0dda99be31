// What Rust crates with C inside ask of their host on `wasm32-unknown-unknown`, which has no libc
// of its own.

#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

enum { OK, UNSUPPORTED, UNAVAILABLE, INVALID_TIME };

static int fill_with_entropy(uint8_t *bytes, size_t size) {
    // `getentropy` gives at most 256 bytes.
    const size_t most = 256;
    for (size_t done = 0; done < size; done += most) {
        size_t rest = size - done;
        if (getentropy(bytes + done, rest < most ? rest : most)) {
            return UNAVAILABLE;
        }
    }
    return OK;
}

// The random numbers of `getrandom`, with its option `getrandom_backend="custom"`. The result is 0
// or one of its errors: `unexpected` is its `Error::UNEXPECTED`.
int32_t __getrandom_v03_custom(uint8_t *bytes, size_t size) {
    const int32_t unexpected = 0x10002;
    return fill_with_entropy(bytes, size) == OK ? 0 : unexpected;
}

// The services that `sqlite-wasm-rs` documents, with which `rusqlite` brings SQLite.

struct local_time {
    int32_t year, month, day, hour, minute, second, weekday, yearday, is_dst, utc_offset_seconds;
};

void rust_sqlite_wasm_host_sleep(uint64_t seconds, uint32_t nanoseconds) {
    struct timespec time = {(time_t)seconds, (long)nanoseconds};
    while (nanosleep(&time, &time) && errno == EINTR) {
    }
}

int32_t rust_sqlite_wasm_host_fill_entropy(uint8_t *bytes, size_t size) {
    return fill_with_entropy(bytes, size);
}

size_t rust_sqlite_wasm_host_random(uint8_t *bytes, size_t size) {
    return fill_with_entropy(bytes, size) == OK ? size : 0;
}

int32_t rust_sqlite_wasm_host_epoch_timestamp_in_ms(int64_t *milliseconds) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) {
        return UNAVAILABLE;
    }
    *milliseconds = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return OK;
}

int32_t rust_sqlite_wasm_host_localtime(int64_t seconds, struct local_time *local) {
    time_t time = (time_t)seconds;
    struct tm tm;
    if (time != seconds || !localtime_r(&time, &tm)) {
        return INVALID_TIME;
    }
    *local = (struct local_time){
        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,  tm.tm_hour,  tm.tm_min,
        tm.tm_sec,         tm.tm_wday,    tm.tm_yday,  tm.tm_isdst, (int32_t)tm.tm_gmtoff,
    };
    return OK;
}

// The clock of `rquickjs`: microseconds since 1970.
double __rquickjs_host_now_us(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) {
        return 0;
    }
    return (double)now.tv_sec * 1e6 + (double)(now.tv_nsec / 1000);
}
