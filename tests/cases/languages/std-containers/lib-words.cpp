// Makes containers that main uses and destroys: the code of templates is in both modules, the memory comes
// from one allocator, and what libc++ has compiled already is in a third module.
#include <cctype>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

std::map<std::string, int> count_words(const std::string &text) {
    std::map<std::string, int> counts;
    std::string word;
    for (char c : text + ' ') {
        if (!std::isspace(static_cast<unsigned char>(c))) {
            word += c;
        } else if (!word.empty()) {
            counts[word]++;
            word.clear();
        }
    }
    return counts;
}

std::vector<std::string> filter(const std::map<std::string, int> &counts,
                                const std::function<bool(const std::string &, int)> &accepts) {
    std::vector<std::string> words;
    for (const auto &[word, count] : counts) {
        if (accepts(word, count)) {
            words.push_back(word);
        }
    }
    return words;
}

struct Resource {
    explicit Resource(int &alive) : alive(alive) {
        alive++;
    }
    ~Resource();
    int &alive;
};

Resource::~Resource() {
    alive--;
}

std::unique_ptr<Resource> make_resource(int &alive) {
    return std::make_unique<Resource>(alive);
}
