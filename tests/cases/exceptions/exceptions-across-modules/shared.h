#pragma once
#include <cstdio>
#include <exception>

// Every module has the information about this type.
struct Inline {
    explicit Inline(const char *text) : text(text) {}
    const char *text;
};

// Only the module with its virtual functions has that about this one.
class OfLibrary : public std::exception {
public:
    explicit OfLibrary(int number);
    OfLibrary(const OfLibrary &) = default;
    ~OfLibrary() override;
    const char *what() const noexcept override;
    virtual int number() const;

private:
    int number_;
};

struct Noisy {
    explicit Noisy(const char *name) : name(name) {}
    ~Noisy() { std::printf("%s is left\n", name); }
    const char *name;
};

int here(int n);
int there(int n);
const char *catches(void (*function)());
