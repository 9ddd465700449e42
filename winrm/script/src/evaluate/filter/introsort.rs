//! Sorting as .NET's `List.Sort` does it, which Sort-Object uses: what is equal does not always stay in its order, and an
//! order that contradicts itself (a string and a number) comes out as it does there.

use std::cmp::Ordering;

use crate::evaluate::interpreter::Interpreter;
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::Fault;

/// Sorts with pauses.
pub(super) async fn sort<T: Send>(
    interpreter: &mut Interpreter,
    rows: &mut [T],
    order: impl Fn(&T, &T) -> Result<Ordering, Fault> + Send + Sync,
) -> Flow<()> {
    let depth = 2 * (rows.len().max(1).ilog2() + 1);
    let mut waiting = vec![(0, rows.len(), depth)];
    let mut sorter = Sorter { rows, order, compared: 0 };
    while let Some((mut from, to, mut depth)) = waiting.pop() {
        loop {
            match to.saturating_sub(from) {
                0 | 1 => break,
                2 => {
                    sorter.swap_if_greater(from, from + 1)?;
                    break;
                }
                3 => {
                    for (left, right) in [(0, 1), (0, 2), (1, 2)] {
                        sorter.swap_if_greater(from + left, from + right)?;
                    }
                    break;
                }
                4..=FEW => {
                    sorter.insert(from, to)?;
                    break;
                }
                _ if depth == 0 => {
                    sorter.heap(interpreter, from, to).await?;
                    break;
                }
                _ => {
                    depth -= 1;
                    let pivot = sorter.partition(interpreter, from, to).await?;
                    waiting.push((from, pivot, depth));
                    from = pivot + 1;
                }
            }
        }
        sorter.pause(interpreter).await?;
    }
    Ok(())
}

struct Sorter<'a, T, F> {
    rows: &'a mut [T],
    order: F,
    /// Comparisons since the last pause.
    compared: usize,
}

impl<T: Send, F: Fn(&T, &T) -> Result<Ordering, Fault> + Send + Sync> Sorter<'_, T, F> {
    fn compare(&mut self, left: usize, right: usize) -> Flow<Ordering> {
        self.compared += 1;
        match (self.rows.get(left), self.rows.get(right)) {
            (Some(left), Some(right)) => Ok((self.order)(left, right)?),
            _ => Err(Unwind::refused("sorting of values whose order contradicts itself")),
        }
    }

    fn swap_if_greater(&mut self, left: usize, right: usize) -> Flow<()> {
        if self.compare(left, right)?.is_gt() {
            self.rows.swap(left, right);
        }
        Ok(())
    }

    fn insert(&mut self, from: usize, to: usize) -> Flow<()> {
        for next in from + 1..to {
            let mut at = next;
            while at > from && self.compare(at, at - 1)?.is_lt() {
                self.rows.swap(at, at - 1);
                at -= 1;
            }
        }
        Ok(())
    }

    /// Parts the range by the median of its first, middle and last row; returns where that one is.
    async fn partition(&mut self, interpreter: &mut Interpreter, from: usize, to: usize) -> Flow<usize> {
        let (last, middle) = (to - 1, from + (to - 1 - from) / 2);
        for (left, right) in [(from, middle), (from, last), (middle, last)] {
            self.swap_if_greater(left, right)?;
        }
        let pivot = last - 1;
        self.rows.swap(middle, pivot);
        let (mut left, mut right) = (from, pivot);
        while left < right {
            self.pause(interpreter).await?;
            loop {
                left += 1;
                if !self.compare(left, pivot)?.is_lt() {
                    break;
                }
            }
            loop {
                // Only an order that contradicts itself leads below the range.
                if right == from {
                    return Err(Unwind::refused("sorting of values whose order contradicts itself"));
                }
                right -= 1;
                if !self.compare(pivot, right)?.is_lt() {
                    break;
                }
            }
            if left >= right {
                break;
            }
            self.rows.swap(left, right);
        }
        if left != pivot {
            self.rows.swap(left, pivot);
        }
        Ok(left)
    }

    async fn heap(&mut self, interpreter: &mut Interpreter, from: usize, to: usize) -> Flow<()> {
        let count = to - from;
        for root in (1..=count / 2).rev() {
            self.sink(from, root, count)?;
        }
        for end in (2..=count).rev() {
            self.pause(interpreter).await?;
            self.rows.swap(from, from + end - 1);
            self.sink(from, 1, end - 1)?;
        }
        Ok(())
    }

    /// Lets a row of the heap sink; rows of the heap are counted from one.
    fn sink(&mut self, from: usize, mut at: usize, count: usize) -> Flow<()> {
        let place = |number: usize| from + number - 1;
        while at <= count / 2 {
            let mut child = 2 * at;
            if child < count && self.compare(place(child), place(child + 1))?.is_lt() {
                child += 1;
            }
            if !self.compare(place(at), place(child))?.is_lt() {
                break;
            }
            self.rows.swap(place(at), place(child));
            at = child;
        }
        Ok(())
    }

    async fn pause(&mut self, interpreter: &mut Interpreter) -> Flow<()> {
        if self.compared < COMPARED_WITHOUT_PAUSE {
            return Ok(());
        }
        interpreter.tick_items(std::mem::take(&mut self.compared))?;
        interpreter.pause().await
    }
}

/// Ranges of as many rows are sorted by insertion.
const FEW: usize = 16;

const COMPARED_WITHOUT_PAUSE: usize = 1024;
