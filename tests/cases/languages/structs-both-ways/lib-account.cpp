// Fills in structs that Rust made and makes some that Rust fills in: both languages lay them out alike.
#include <emscripten/em_macros.h>
#include <cstddef>
#include <cstdint>

extern "C" {

enum class Kind : std::uint8_t { open = 1, closed = 2 };

union Value {
    std::int64_t integer;
    double real;
};

// Has padding after `kind` and at its end, and a pointer into itself.
struct Account {
    Kind kind;
    std::uint64_t id;
    std::uint16_t digits[3];
    Value value;
    const std::uint16_t *last;
    bool (*accepts)(const Account *, std::int64_t);
};

Account rust_account(std::uint64_t id);
void rust_close(Account *account);

EMSCRIPTEN_KEEPALIVE const std::size_t *cpp_layout() {
    static const std::size_t layout[] = {
        sizeof(Account),          alignof(Account),
        offsetof(Account, id),    offsetof(Account, digits),
        offsetof(Account, value), offsetof(Account, last),
        offsetof(Account, accepts),
    };
    return layout;
}

EMSCRIPTEN_KEEPALIVE std::uint64_t sum(const Account *accounts, std::size_t count) {
    std::uint64_t sum = 0;
    for (auto account = accounts; account < accounts + count; account++) {
        sum += account->id + *account->last + account->value.integer;
        sum += account->accepts(account, 5) ? 100 : 0;
    }
    return sum;
}

EMSCRIPTEN_KEEPALIVE int cpp_uses_rusts() {
    Account account = rust_account(UINT64_C(1) << 40);
    if (account.id != UINT64_C(1) << 40 || account.kind != Kind::open || account.value.real != 0.5) {
        return 1;
    }
    rust_close(&account);
    return account.kind == Kind::closed && account.digits[2] == 9 ? 0 : 2;
}
}
