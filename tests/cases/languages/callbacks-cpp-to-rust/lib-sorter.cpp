// Hands Rust a function of its own, a static one that no symbol names, and a C++ object as the context.
#include <emscripten/em_macros.h>
#include <cstddef>

extern "C" {

void sort_by(int *numbers, std::size_t count, bool (*less)(const void *context, int a, int b),
             const void *context);
}

namespace {

struct ByDistance {
    int from;
    int distance(int x) const {
        return x < from ? from - x : x - from;
    }
};

bool is_nearer(const void *context, int a, int b) {
    auto order = static_cast<const ByDistance *>(context);
    return order->distance(a) < order->distance(b);
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE void sort_by_distance(int *numbers, std::size_t count, int from) {
    ByDistance order{from};
    sort_by(numbers, count, is_nearer, &order);
}
