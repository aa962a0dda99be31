//! The file format of an entry of the [`Cache`](crate::Cache).
//!
//! ```text
//! image     the largest image, which can be mapped into memory because it is at the file's start
//! parts     the record, the outline, and the other images in order: for each its length in bytes
//!           (8 bytes), then its bytes
//! 32 bytes  the entry's key
//! 8 bytes   the length of the largest image
//! 8 bytes   its position among the images
//! 8 bytes   VERSION of this format
//! 32 bytes  the digest of everything before
//! 8 bytes   MAGIC
//! ```
//!
//! Numbers are little-endian.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::digest::{Digest, Hasher};
use crate::input::room_for;

const MAGIC: [u8; 8] = *b"\x7fhostent";
const VERSION: u64 = 1;

/// The contents of an entry. `I` is an image: the machine code of one module.
pub(crate) struct Entry<I> {
    /// The bytes that must be the same for the code to be used.
    pub(crate) record: Vec<u8>,
    /// The parts of the code that are not machine code.
    pub(crate) outline: Vec<u8>,
    pub(crate) images: Vec<I>,
}

/// The machine code of one module.
pub(crate) enum Image {
    /// It is at the start of this file. Entries are replaced and removed but never changed, so the
    /// file keeps its contents as long as it is open or mapped.
    #[cfg(unix)]
    Mapped(File),
    Copied(Vec<u8>),
}

impl Entry<Vec<u8>> {
    /// Returns the bytes of all parts together.
    pub(crate) fn size(&self) -> u64 {
        let images: usize = self.images.iter().map(Vec::len).sum();
        (self.record.len() + self.outline.len() + images) as u64
    }

    pub(crate) fn write(&self, out: &mut impl Write, key: &[u8; 32]) -> io::Result<()> {
        let images = self.images.iter().enumerate();
        let largest = images.max_by_key(|(_, image)| image.len());
        let (position, image) = largest.ok_or(io::ErrorKind::InvalidInput)?;
        let others = self.images.iter().enumerate().filter(|(at, _)| *at != position);
        let others = others.map(|(_, image)| image);
        let mut hasher = Hasher::default();
        let mut write = |bytes: &[u8]| {
            hasher.add(bytes);
            out.write_all(bytes)
        };
        write(image)?;
        for part in [&self.record, &self.outline].into_iter().chain(others) {
            write(&(part.len() as u64).to_le_bytes())?;
            write(part)?;
        }
        write(key)?;
        for number in [image.len() as u64, position as u64, VERSION] {
            write(&number.to_le_bytes())?;
        }
        out.write_all(hasher.finish().bytes())?;
        out.write_all(&MAGIC)
    }
}

impl Entry<Image> {
    /// Reads the entry of a key. Returns `None` if the file is another one, is damaged, or is
    /// larger than `limit`.
    pub(crate) fn read(mut file: &File, key: &[u8; 32], limit: u64) -> io::Result<Option<Self>> {
        let size = file.metadata()?.len();
        let Some(body) = size.checked_sub(END as u64).filter(|_| size <= limit) else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(body))?;
        let mut end = [0; END];
        file.read_exact(&mut end)?;
        let Some(end) = End::read(&end, key) else { return Ok(None) };
        let Some(parts) = body.checked_sub(end.image_size) else { return Ok(None) };
        file.rewind()?;
        let mut hasher = Hasher::default();
        let image = Image::read(file, end.image_size, &mut hasher)?;
        let mut rest = room_for(parts)?;
        file.take(parts).read_to_end(&mut rest)?;
        hasher.add(&rest);
        hasher.add(end.hashed);
        let is_unchanged = hasher.finish() == end.digest;
        Ok(is_unchanged.then(|| Entry::of(&rest, image, end.position)).flatten())
    }

    fn of(parts: &[u8], image: Image, position: u64) -> Option<Self> {
        let mut parts = split(parts)?.into_iter();
        let (record, outline) = (parts.next()?, parts.next()?);
        let mut images: Vec<_> = parts.map(Image::Copied).collect();
        let position = usize::try_from(position).ok().filter(|at| *at <= images.len())?;
        images.insert(position, image);
        Some(Entry { record, outline, images })
    }
}

impl Image {
    #[cfg(unix)]
    fn read(mut file: &File, size: u64, hasher: &mut Hasher) -> io::Result<Self> {
        hasher.read(&mut file, size)?;
        Ok(Image::Mapped(file.try_clone()?))
    }

    /// Copies the image: other systems do not remove a file that is mapped.
    #[cfg(not(unix))]
    fn read(file: &File, size: u64, hasher: &mut Hasher) -> io::Result<Self> {
        let mut bytes = room_for(size)?;
        file.take(size).read_to_end(&mut bytes)?;
        hasher.add(&bytes);
        Ok(Image::Copied(bytes))
    }

    /// Returns the module whose code this is.
    ///
    /// # Safety
    ///
    /// The caller guarantees that `Module::serialize` wrote the image, and that nobody changes the
    /// file.
    ///
    /// # Errors
    ///
    /// If another version wrote the code, or for another processor or other settings.
    pub(crate) unsafe fn load_module(self, engine: &Engine) -> wasmtime::Result<Module> {
        // SAFETY: the caller guarantees that the code is what Wasmtime wrote.
        unsafe {
            match self {
                #[cfg(unix)]
                Image::Mapped(file) => Module::deserialize_open_file(engine, file),
                Image::Copied(bytes) => Module::deserialize(engine, bytes),
            }
        }
    }
}

impl Image {
    /// Returns the component whose code this is.
    ///
    /// # Safety
    ///
    /// The caller guarantees that `Component::serialize` wrote the image, and that nobody changes
    /// the file.
    ///
    /// # Errors
    ///
    /// The errors of [`Image::load_module`].
    pub(crate) unsafe fn load_component(self, engine: &Engine) -> wasmtime::Result<Component> {
        let bytes = match self {
            // Wasmtime maps no open file for a component.
            #[cfg(unix)]
            Image::Mapped(mut file) => {
                let mut bytes = room_for(file.metadata()?.len())?;
                file.rewind()?;
                file.read_to_end(&mut bytes)?;
                bytes
            }
            Image::Copied(bytes) => bytes,
        };
        // SAFETY: the caller guarantees that the code is what Wasmtime wrote.
        unsafe { Component::deserialize(engine, bytes) }
    }
}

/// The bytes of the end that the digest covers: key, length of the image, position, version.
const HASHED: usize = 32 + 3 * 8;
/// The bytes of the end, with digest and magic.
const END: usize = HASHED + 32 + 8;

/// The end of an entry.
struct End<'e> {
    image_size: u64,
    position: u64,
    digest: Digest,
    hashed: &'e [u8],
}

impl<'e> End<'e> {
    /// Reads the end. Returns `None` if it is not that of an entry of this key.
    fn read(bytes: &'e [u8; END], key: &[u8; 32]) -> Option<Self> {
        let (hashed, rest) = bytes.split_at(HASHED);
        let (digest, magic) = rest.split_first_chunk()?;
        let mut numbers = hashed.strip_prefix(key)?.as_chunks().0.iter().copied();
        let mut number = || numbers.next().map(u64::from_le_bytes);
        let (image_size, position, version) = (number()?, number()?, number()?);
        let is_entry = version == VERSION && *magic == MAGIC;
        is_entry.then_some(End { image_size, position, digest: Digest::from(*digest), hashed })
    }
}

/// Returns the parts, or `None` if their lengths do not fit.
fn split(mut rest: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (length, bytes) = rest.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (part, bytes) = bytes.split_at_checked(length)?;
        parts.push(part.to_vec());
        rest = bytes;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn read(bytes: &[u8], key: &[u8; 32]) -> Option<Entry<Image>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Entry::read(&file, key, 1 << 20).unwrap()
    }

    fn bytes(image: &Image) -> Vec<u8> {
        let Image::Copied(bytes) = image else { return b"mapped".to_vec() };
        bytes.clone()
    }

    #[test]
    fn only_what_was_written_is_read() {
        let part = |text: &str| text.as_bytes().to_vec();
        let images = vec![part("one"), part("mapped"), part("three")];
        let entry = Entry { record: part("record"), outline: part(""), images: images.clone() };
        let mut written = Vec::new();
        entry.write(&mut written, &KEY).unwrap();
        assert!(written.starts_with(b"mapped"));
        let found = read(&written, &KEY).unwrap();
        assert_eq!((found.record, found.outline), (entry.record, entry.outline));
        assert_eq!(found.images.iter().map(bytes).collect::<Vec<_>>(), images);
        assert!(read(&written, &[8; 32]).is_none());
        (0..written.len()).for_each(|end| assert!(read(&written[..end], &KEY).is_none(), "{end}"));
        for at in 0..written.len() {
            let mut other = written.clone();
            other[at] ^= 1;
            assert!(read(&other, &KEY).is_none(), "{at}");
        }
        written.push(0);
        assert!(read(&written, &KEY).is_none());
    }
}
