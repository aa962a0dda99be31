//! Inserts 100,000 rows and joins them.

use rusqlite::Connection;

fn main() -> rusqlite::Result<()> {
    let mut database = Connection::open_in_memory()?;
    database.execute_batch(
        "pragma temp_store = memory;
         create table customers(id integer primary key, name text);
         create table orders(customer integer, price integer);",
    )?;
    let transaction = database.transaction()?;
    {
        let mut customer = transaction.prepare("insert into customers values (?1, ?2)")?;
        let mut order = transaction.prepare("insert into orders values (?1, ?2)")?;
        for id in 0..1000_i64 {
            customer.execute((id, format!("customer {id}")))?;
        }
        for number in 0..100_000_i64 {
            order.execute((number * 7919 % 1000, number % 97))?;
        }
    }
    transaction.commit()?;
    let best: (String, i64) = database.query_row(
        "select name, sum(price) as total from orders join customers on customer = id
         group by id order by total desc, name limit 1",
        (),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    println!("{best:?}");
    Ok(())
}
