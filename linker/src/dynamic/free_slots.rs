//! Table slots that modules have left behind.

use std::ops::Range;

use crate::plan::layout::TABLE_LIMIT;

/// Free ranges of table slots, in order; no two of them adjoin.
#[derive(Debug, Clone, Default)]
pub(crate) struct FreeSlots(Vec<Range<u32>>);

impl FreeSlots {
    /// Takes `count` consecutive slots, from the first free range that has room for them or else
    /// from the end of a table of `table_size` elements. The table has to grow if they end beyond
    /// it. Returns `None` if it would then be larger than a table can be.
    pub(crate) fn take(
        &mut self,
        count: u32,
        alignment: u64,
        table_size: u32,
    ) -> Option<Range<u32>> {
        let free = self.0.iter().enumerate();
        let found = free.filter_map(|(at, free)| Some((at, fit(free, count, alignment)?))).next();
        if let Some((at, taken)) = found {
            let free = self.0.remove(at);
            self.give(free.start..taken.start);
            self.give(taken.end..free.end);
            return Some(taken);
        }
        let start = u64::from(table_size).checked_next_multiple_of(alignment)?;
        let start = u32::try_from(start).ok()?;
        let end = start.checked_add(count)?;
        if u64::from(end) > TABLE_LIMIT {
            return None;
        }
        self.give(table_size..start);
        Some(start..end)
    }

    /// Frees slots.
    pub(crate) fn give(&mut self, slots: Range<u32>) {
        if slots.is_empty() {
            return;
        }
        self.0.push(slots);
        self.0.sort_by_key(|range| range.start);
        self.0.dedup_by(|next, range| {
            let adjoins = range.end == next.start;
            if adjoins {
                range.end = next.end;
            }
            adjoins
        });
    }

    /// Forgets slots beyond the end of a table of `table_size` elements.
    pub(crate) fn truncate(&mut self, table_size: u32) {
        self.0.retain(|range| range.start < table_size);
        for range in &mut self.0 {
            range.end = range.end.min(table_size);
        }
    }
}

/// Returns the first `count` slots of a free range at an alignment, if it has room for them.
fn fit(free: &Range<u32>, count: u32, alignment: u64) -> Option<Range<u32>> {
    let start = u64::from(free.start).checked_next_multiple_of(alignment)?;
    let start = u32::try_from(start).ok()?;
    let end = start.checked_add(count)?;
    (end <= free.end).then_some(start..end)
}
