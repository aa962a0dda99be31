// Flags: -pthread -fwasm-exceptions
// Modules that are compiled for threads run on one thread: what needs no other thread works, and
// none can be started.
#include <emscripten/em_macros.h>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <pthread.h>
#include <string>
#include <system_error>
#include <thread>

extern thread_local int plain;
extern thread_local std::string constructed;
extern thread_local int of_ordinary;
int *address_of_plain();
int *address_of_ordinary();
int seen_by_ordinary();

EMSCRIPTEN_KEEPALIVE thread_local int of_main = 6;

struct Told {
    const char *name;
    explicit Told(const char *name) : name(name) {
        std::printf("+ %s\n", name);
    }
    ~Told() {
        std::printf("- %s\n", name);
    }
};

static thread_local Told local{"thread_local of the program"};
static std::mutex mutex;
static std::condition_variable condition;
static std::once_flag once;
static std::atomic<long long> counter{40};
static int runs;

static bool can_lock() {
    std::lock_guard<std::mutex> guard(mutex);
    std::call_once(once, [] { runs++; });
    std::call_once(once, [] { runs++; });
    condition.notify_all();
    return runs == 1;
}

static bool has_own_data() {
    pthread_key_t key;
    int value;
    return pthread_key_create(&key, nullptr) == 0 && pthread_setspecific(key, &value) == 0
        && pthread_getspecific(key) == &value && pthread_equal(pthread_self(), pthread_self());
}

static bool refuses_thread() {
    try {
        std::thread thread([] {});
        thread.join();
        return false;
    } catch (const std::system_error &error) {
        std::printf("%s\n", error.what());
        return error.code() == std::errc::resource_unavailable_try_again;
    }
}

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    if (!can_lock() || !has_own_data() || !refuses_thread()) {
        return 1;
    }
    std::printf("%s\n", local.name);
    plain++;
    of_ordinary++;
    if (&plain != address_of_plain() || plain != 31 || constructed != "xxx") {
        return 2;
    }
    if (&of_ordinary != address_of_ordinary() || of_ordinary != 8 || seen_by_ordinary() != 6) {
        return 3;
    }
    counter += 2;
    return static_cast<int>(counter);
}
