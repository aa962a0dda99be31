// Throws an exception of its own.
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace numbers {

struct BadNumber : std::runtime_error {
    explicit BadNumber(const std::string &text) : runtime_error("no number: " + text) {}
};

int parse(const char *text) {
    char *end;
    long number = std::strtol(text, &end, 10);
    if (*end) {
        throw BadNumber(text);
    }
    return number;
}

} // namespace numbers
