//! The catalogue of a shop, in Rust, which has C++ add up the prices.

use std::cell::RefCell;
use std::collections::BTreeMap;

wit_bindgen::generate!({ path: "../shop.wit", world: "shop" });

use demo::shop::log::Logger;
use demo::shop::types::{Discount, Features, Item, Size};
use exports::demo::shop::catalog::{BasketBorrow, Guest, GuestBasket};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    /// Returns the sum of `count` prices, or the greatest number if C++ has thrown since there are
    /// too many.
    fn cpp_sum(prices: *const u32, count: usize) -> u64;
}

struct Shop;

struct Basket {
    owner: String,
    items: RefCell<BTreeMap<String, Item>>,
    logger: Logger,
}

impl Basket {
    fn sum(&self) -> u64 {
        let prices: Vec<_> = self.items.borrow().values().map(|item| item.price).collect();
        // SAFETY: it reads only these prices.
        unsafe { cpp_sum(prices.as_ptr(), prices.len()) }
    }
}

impl Drop for Basket {
    fn drop(&mut self) {
        self.logger.write("gone");
    }
}

impl Guest for Shop {
    type Basket = Basket;

    fn sizes(of: Vec<u32>) -> Vec<(u32, Size)> {
        let size = |it: u32| (it, if it < 10 { Size::Small } else { Size::Large });
        of.into_iter().map(size).collect()
    }
}

impl GuestBasket for Basket {
    fn new(owner: String) -> Self {
        let logger = Logger::new(&format!("{owner}: "));
        Basket { owner, items: RefCell::default(), logger }
    }

    fn add(&self, item: Item) -> Result<u32, String> {
        let mut items = self.items.borrow_mut();
        if items.contains_key(&item.name) {
            return Err(format!("{} has {} already", self.owner, item.name));
        }
        let name = item.name.clone();
        items.insert(name.clone(), item);
        self.logger.write(&format!("added {name}"));
        Ok(items.len() as u32)
    }

    fn total(&self, discount: Discount) -> u64 {
        let total = self.sum();
        match discount {
            Discount::None => total,
            Discount::Percent(percent) => total - total * u64::from(percent) / 100,
            Discount::Fixed(fixed) => total.saturating_sub(u64::from(fixed)),
        }
    }

    fn describe(&self, features: Features, note: Option<String>) -> String {
        let mut text = format!("{} buys", self.owner);
        for item in self.items.borrow().values() {
            text += &format!(" {}", item.name);
            item.tags.iter().for_each(|tag| text += &format!("/{tag}"));
        }
        if features.contains(Features::GIFT) {
            text += ", as a gift";
        }
        if features.contains(Features::INSURED) {
            text += ", insured";
        }
        note.into_iter().for_each(|note| text += &format!(" ({note})"));
        text
    }

    fn biggest(baskets: Vec<BasketBorrow<'_>>) -> Option<String> {
        let mut biggest: Option<&Basket> = None;
        for basket in &baskets {
            let basket: &Basket = basket.get();
            if biggest.is_none_or(|known| basket.sum() > known.sum()) {
                biggest = Some(basket);
            }
        }
        biggest.map(|basket| basket.owner.clone())
    }
}

export!(Shop);
