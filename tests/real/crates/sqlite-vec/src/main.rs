//! An extension of SQLite in C, linked to the SQLite of another crate: vectors near a vector.

use rusqlite::ffi::sqlite3_auto_extension;
use rusqlite::{Connection, Result};

fn main() -> Result<()> {
    // SAFETY: the function has the type that SQLite wants, though the crate declares it without.
    unsafe {
        sqlite3_auto_extension(Some(std::mem::transmute::<*const (), _>(
            sqlite_vec::sqlite3_vec_init as *const (),
        )));
    }
    let db = Connection::open_in_memory()?;
    println!("{}", db.query_row("select vec_version()", (), |row| row.get::<_, String>(0))?);
    db.execute_batch("create virtual table points using vec0(place float[3])")?;
    for id in 1..=20 {
        let place = format!("[{}, {}, {}]", id % 5, id % 7, id);
        db.execute("insert into points (rowid, place) values (?, ?)", (id, place))?;
    }
    let mut near =
        db.prepare("select rowid, distance from points where place match '[2, 3, 10]' and k = 4")?;
    let rows = near.query_map((), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?)))?;
    for row in rows {
        println!("{:.3?}", row?);
    }
    println!(
        "{}",
        db.query_row("select vec_length('[1, x]')", (), |row| row.get::<_, i64>(0)).unwrap_err()
    );
    Ok(())
}
