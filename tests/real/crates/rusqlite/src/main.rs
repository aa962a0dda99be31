//! SQLite in memory: a join, a transaction, a function and a collation in Rust, and errors.

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Error, params};

fn main() -> Result<(), Error> {
    println!("SQLite {}", rusqlite::version());
    let mut db = Connection::open_in_memory()?;
    db.execute_batch(
        "create table author (id integer primary key, name text not null unique);
         create table book (id integer primary key, author references author, title text, price real);
         create index by_author on book (author);",
    )?;
    let transaction = db.transaction()?;
    for (id, name) in [(1, "Lovelace"), (2, "Hopper"), (3, "Grüße")] {
        transaction.execute("insert into author values (?1, ?2)", params![id, name])?;
    }
    let mut insert = transaction.prepare("insert into book values (?, ?, ?, ?)")?;
    for id in 0..1000 {
        insert.execute(params![id, id % 3 + 1, format!("Title {id}"), f64::from(id) * 0.25])?;
    }
    drop(insert);
    transaction.commit()?;
    db.create_scalar_function("twice", 1, FunctionFlags::SQLITE_DETERMINISTIC, |context| {
        Ok(context.get::<f64>(0)? * 2.0)
    })?;
    let mut query = db.prepare(
        "select name, count(*), sum(twice(price)), max(title) from book
         join author on author.id = book.author where price > ?1 group by name order by name",
    )?;
    let rows = query.query_map([100.0], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, f64>(2)?,
            row.get::<_, String>(3)?,
        ))
    })?;
    for row in rows {
        println!("{:?}", row?);
    }
    let recursive =
        "with recursive f(a, b) as (select 0, 1 union all select b, a + b from f where b < 1000)
                     select group_concat(a, ' ') from f";
    println!("{}", db.query_row(recursive, (), |row| row.get::<_, String>(0))?);
    let json = "select json_extract('{\"a\": [1, {\"b\": 2.5}]}', '$.a[1].b')";
    println!("{}", db.query_row(json, (), |row| row.get::<_, f64>(0))?);
    println!("{}", db.execute("insert into author values (9, 'Hopper')", ()).unwrap_err());
    println!("{}", db.prepare("selec 1").unwrap_err());
    let mut copy = Connection::open_in_memory()?;
    rusqlite::backup::Backup::new(&db, &mut copy)?.run_to_completion(
        50,
        std::time::Duration::ZERO,
        None,
    )?;
    println!("{}", copy.query_row("select count(*) from book", (), |row| row.get::<_, i64>(0))?);
    println!("{}", copy.query_row("pragma integrity_check", (), |row| row.get::<_, String>(0))?);
    Ok(())
}
