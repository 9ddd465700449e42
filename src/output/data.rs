//! What of a script's objects and records a result has room for.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::{ErrorItem, Step, Written};

/// A script's objects and records, cut to a result's size.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Data {
    /// Its objects, from the first on; absent where nothing could have written any, and for text alone, which standard
    /// output has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<Map<String, Json>>>,
    /// Its errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorItem>,
    /// Its warnings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Its verbose and debug messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verbose: Vec<String>,
    /// What it wrote to the screen or the information stream.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub information: Vec<String>,
    /// What it had hosts do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// How commands reached the host, where any did: `psrp`, or `winrs` for text to `powershell.exe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<&'static str>,
}

/// What of the data was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DataCut {
    /// Objects of the whole.
    pub total_objects: u64,
    /// Objects that are not here.
    pub omitted_objects: u64,
    /// Errors, messages and steps that are not here.
    pub omitted_records: u64,
    /// Where something inside an object was cut: `[0].Modules`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
}

impl Data {
    /// Takes what fits into `limit` bytes of JSON: errors first, then steps, objects and messages, each from its first on.
    pub(super) fn of(written: &Written, limit: usize) -> (Self, Option<DataCut>) {
        let whole = Sizes::of(written);
        // Objects are what was asked for, so what else there is leaves them half.
        let mut records = Room::new(share(whole.records, whole.objects, limit));
        let errors = records.fill(&written.errors);
        let steps = records.fill(&written.steps);
        let mut room = Room::new(limit - share(whole.records, whole.objects, limit) + records.left);
        let worth_it = objects_of(written);
        let objects = worth_it.map(|objects| room.fill(objects));
        let omitted_objects = room.omitted;
        let data = Self {
            errors,
            steps,
            warnings: room.fill(&written.warnings),
            verbose: room.fill(&written.verbose),
            information: room.fill(&written.information),
            via: written.via,
            objects: None,
        };
        let count = |objects: &Vec<_>| u64::try_from(objects.len()).unwrap_or(u64::MAX);
        let cut = DataCut {
            total_objects: written.total_objects,
            omitted_objects: objects
                .as_ref()
                .map_or(0, |here| written.total_objects.saturating_sub(count(here))),
            omitted_records: written.omitted_records + records.omitted + room.omitted - omitted_objects,
            cut: written.cut.clone(),
        };
        let is_whole = cut.omitted_objects == 0 && cut.omitted_records == 0 && cut.cut.is_empty();
        (Self { objects, ..data }, (!is_whole).then_some(cut))
    }

    /// Bytes of JSON that all of it takes, about.
    pub(super) fn size(written: &Written) -> usize {
        let Sizes { objects, records, messages } = Sizes::of(written);
        objects + records + messages
    }
}

/// The objects, unless they are lines of text: a result need not hold those twice.
fn objects_of(written: &Written) -> Option<&[Map<String, Json>]> {
    let is_text =
        |object: &Map<String, Json>| object.len() == 1 && object.get("value").is_some_and(Json::is_string);
    let text_alone = !written.objects.is_empty() && written.objects.iter().all(is_text);
    (!text_alone).then_some(&written.objects)
}

/// How much one part gets of a limit: half, or what the other part leaves.
pub(super) fn share(part: usize, other: usize, limit: usize) -> usize {
    part.min((limit / 2).max(limit.saturating_sub(other)))
}

/// Bytes of JSON, about.
struct Sizes {
    objects: usize,
    /// Errors and steps.
    records: usize,
    messages: usize,
}

impl Sizes {
    fn of(written: &Written) -> Self {
        let messages = [&written.warnings, &written.verbose, &written.information];
        Self {
            objects: objects_of(written).map_or(0, total),
            records: total(&written.errors) + total(&written.steps),
            messages: messages.into_iter().map(|messages| total(messages)).sum(),
        }
    }
}

fn total<T: Serialize>(items: &[T]) -> usize {
    items.iter().map(size).sum()
}

/// The item as JSON, and a comma.
fn size<T: Serialize>(item: &T) -> usize {
    serde_json::to_string(item).map_or(usize::MAX / 4, |json| json.len() + 1)
}

/// Bytes that may still be written.
struct Room {
    left: usize,
    omitted: u64,
}

impl Room {
    fn new(left: usize) -> Self {
        Self { left, omitted: 0 }
    }

    /// The first items, as long as they fit.
    fn fill<T: Clone + Serialize>(&mut self, items: &[T]) -> Vec<T> {
        let mut left = self.left;
        let fits = |item: &&T| {
            let after = left.checked_sub(size(*item));
            left = after.unwrap_or(left);
            after.is_some()
        };
        let taken: Vec<T> = items.iter().take_while(fits).cloned().collect();
        self.left = left;
        self.omitted += u64::try_from(items.len() - taken.len()).unwrap_or(u64::MAX);
        taken
    }
}
