// Throws, catches, and prints.

#include <cstdio>

int main() {
    try {
        throw 7;
    } catch (int number) {
        std::printf("caught %d\n", number);
    }
    return 0;
}
