// The catalogue of a shop, in C++ alone: what `wit-bindgen c` declares in `shop.h`.
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "shop.h"

struct Item {
    std::string name;
    uint32_t price;
    std::vector<std::string> tags;
};

// The type that the bindings declare for the resource.
struct exports_demo_shop_catalog_basket_t {
    std::string owner;
    std::map<std::string, Item> items;
    demo_shop_log_own_logger_t logger;

    // Throws if the item is there already.
    uint32_t add(Item item) {
        auto [at, is_new] = items.emplace(item.name, item);
        if (!is_new) {
            throw std::invalid_argument(owner + " has " + at->first + " already");
        }
        return items.size();
    }

    uint64_t total() const {
        uint64_t sum = 0;
        for (const auto& [name, item] : items) {
            sum += item.price;
        }
        return sum;
    }
};

using Basket = exports_demo_shop_catalog_basket_t;

static std::string read(const shop_string_t& text) {
    return std::string(reinterpret_cast<const char*>(text.ptr), text.len);
}

static void write(shop_string_t* to, const std::string& text) {
    shop_string_dup_n(to, text.data(), text.size());
}

static uint32_t log(Basket* basket, const std::string& line) {
    shop_string_t text = {(uint8_t*)line.data(), line.size()};
    return demo_shop_log_method_logger_write(demo_shop_log_borrow_logger(basket->logger), &text);
}

exports_demo_shop_catalog_own_basket_t exports_demo_shop_catalog_constructor_basket(shop_string_t* owner) {
    std::string prefix = read(*owner) + ": ";
    shop_string_t text = {(uint8_t*)prefix.data(), prefix.size()};
    auto logger = demo_shop_log_constructor_logger(&text);
    auto* basket = new Basket{read(*owner), {}, logger};
    shop_string_free(owner);
    return exports_demo_shop_catalog_basket_new(basket);
}

void exports_demo_shop_catalog_basket_destructor(Basket* basket) {
    log(basket, "gone");
    demo_shop_log_logger_drop_own(basket->logger);
    delete basket;
}

bool exports_demo_shop_catalog_method_basket_add(Basket* self, exports_demo_shop_catalog_item_t* item,
                                                 uint32_t* count, shop_string_t* error) {
    Item copy{read(item->name), item->price, {}};
    for (size_t i = 0; i < item->tags.len; ++i) {
        copy.tags.push_back(read(item->tags.ptr[i]));
    }
    exports_demo_shop_catalog_item_free(item);
    try {
        *count = self->add(copy);
        log(self, "added " + copy.name);
        return true;
    } catch (const std::exception& thrown) {
        write(error, thrown.what());
        return false;
    }
}

uint64_t exports_demo_shop_catalog_method_basket_total(Basket* self,
                                                       exports_demo_shop_catalog_discount_t* discount) {
    uint64_t total = self->total();
    switch (discount->tag) {
        case DEMO_SHOP_TYPES_DISCOUNT_PERCENT:
            return total - total * discount->val.percent / 100;
        case DEMO_SHOP_TYPES_DISCOUNT_FIXED:
            return total - std::min<uint64_t>(total, discount->val.fixed);
        default:
            return total;
    }
}

void exports_demo_shop_catalog_method_basket_describe(Basket* self,
                                                      exports_demo_shop_catalog_features_t features,
                                                      shop_string_t* note, shop_string_t* ret) {
    std::string text = self->owner + " buys";
    for (const auto& [name, item] : self->items) {
        text += " " + name;
        for (const auto& tag : item.tags) {
            text += "/" + tag;
        }
    }
    if (features & DEMO_SHOP_TYPES_FEATURES_GIFT) {
        text += ", as a gift";
    }
    if (features & DEMO_SHOP_TYPES_FEATURES_INSURED) {
        text += ", insured";
    }
    if (note) {
        text += " (" + read(*note) + ")";
        shop_string_free(note);
    }
    write(ret, text);
}

bool exports_demo_shop_catalog_static_basket_biggest(exports_demo_shop_catalog_list_borrow_basket_t* baskets,
                                                     shop_string_t* ret) {
    Basket* biggest = nullptr;
    for (size_t i = 0; i < baskets->len; ++i) {
        if (!biggest || baskets->ptr[i]->total() > biggest->total()) {
            biggest = baskets->ptr[i];
        }
    }
    exports_demo_shop_catalog_list_borrow_basket_free(baskets);
    if (biggest) {
        write(ret, biggest->owner);
    }
    return biggest != nullptr;
}

void exports_demo_shop_catalog_sizes(shop_list_u32_t* of, exports_demo_shop_catalog_list_tuple2_u32_size_t* ret) {
    using Pair = exports_demo_shop_catalog_tuple2_u32_size_t;
    ret->len = of->len;
    ret->ptr = static_cast<Pair*>(malloc(of->len * sizeof(Pair)));
    for (size_t i = 0; i < of->len; ++i) {
        ret->ptr[i] = Pair{of->ptr[i], static_cast<uint8_t>(of->ptr[i] < 10 ? DEMO_SHOP_TYPES_SIZE_SMALL : DEMO_SHOP_TYPES_SIZE_LARGE)};
    }
    shop_list_u32_free(of);
}
