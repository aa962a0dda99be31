// Sorts strings, and prints them.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

int main() {
    std::vector<std::string> words;
    for (const char* word : {"pear", "fig", "apple"}) words.push_back(word);
    words.push_back(words[0] + ", which is not stored in place, unlike " + words[1]);
    std::sort(words.begin(), words.end());
    for (const std::string& word : words) std::printf("%s\n", word.c_str());
    return 0;
}
