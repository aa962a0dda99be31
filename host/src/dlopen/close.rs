//! Closes libraries. A library without users runs its destructors and leaves the program.

use std::collections::BTreeSet;

use linker::dynamic::{ModuleId, Removed};
use wasmtime::Val;

use super::session::{Result, Session};

/// The function of libc for a library that leaves. It runs or drops the exit handlers of the
/// library.
const LEAVE: &str = "__leave_library";

impl<T: Send + 'static> Session<'_, T> {
    /// Removes one user of a library.
    pub(crate) async fn close(&mut self, handle: u32) -> Result<()> {
        let running = self.running()?;
        let library = running.of_handle(handle);
        let library = library.ok_or_else(|| format!("no library is open as {handle:#x}"))?;
        running.close(library);
        self.release().await
    }

    /// Removes the libraries that have no users.
    pub(super) async fn release(&mut self) -> Result<()> {
        let process = self.process()?;
        if std::mem::replace(&mut process.is_closing, true) {
            return Ok(());
        }
        let released = self.release_all().await;
        self.process()?.is_closing = false;
        released
    }

    async fn release_all(&mut self) -> Result<()> {
        // Destructors can open and close other libraries, so the list is updated after each.
        let mut finished = BTreeSet::new();
        while let Some(module) = self.next_leaving(&finished)? {
            self.finish(module).await?;
            finished.insert(module);
        }
        let leaving = self.running()?.leaving();
        for module in leaving.into_iter().filter(|module| finished.contains(module)) {
            let process = self.process()?;
            let Removed { slots } = process.running.leave(module);
            process.instances.remove(&module);
            process.incomplete.remove(&module);
            let block = process.blocks.remove(&module);
            for range in &slots {
                self.clear_slots(range)?;
            }
            if let Some(block) = block {
                self.free(block).await?;
            }
        }
        Ok(())
    }

    fn next_leaving(&mut self, finished: &BTreeSet<ModuleId>) -> Result<Option<ModuleId>> {
        let leaving = self.running()?.leaving();
        Ok(leaving.into_iter().find(|module| !finished.contains(module)))
    }

    /// Runs the destructors of a library, or drops them if its constructors have not all run.
    async fn finish(&mut self, module: ModuleId) -> Result<()> {
        let runs = !self.process()?.incomplete.contains(&module);
        let Some((memory_base, slots)) = self.running()?.block(module) else { return Ok(()) };
        let Some(leave) = self.global_function(LEAVE)? else { return Ok(()) };
        let args = [memory_base, slots.start, slots.end, u32::from(runs)];
        self.call(leave, &args.map(|arg| Val::I32(arg.cast_signed()))).await?;
        Ok(())
    }
}
