// Flags: -fexceptions
// Its static constructor catches what it throws.
#include <string>

namespace {

struct Says {
    std::string text;
    Says() try : text(std::string("of the library").substr(100)) {
    } catch (...) {
        saved = "caught in the library's static constructor";
    }
    static const char *saved;
};
const char *Says::saved;

std::string says() {
    try {
        Says says;
        return says.text;
    } catch (...) {
        return Says::saved;
    }
}

const std::string text = says();

} // namespace

std::string library_says() {
    return text;
}
