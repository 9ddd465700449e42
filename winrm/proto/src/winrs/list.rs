use crate::wsman::Error;
use crate::xml::{Namespace, Reader, Writer};

/// What a host answers that was asked what there is of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    /// What there is.
    pub items: Vec<T>,
    /// What to ask for more with; `None` when these are all.
    pub context: Option<String>,
}

/// Something that is listed, as an element of [`Namespace::Shell`].
pub(super) trait Listed: Sized {
    /// The element's name.
    const NAME: &'static str;

    fn write(&self, writer: &mut Writer);

    /// Reads the children of the element that was just opened.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), context: None }
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, context: None }
    }
}

/// Writes the children of an answer; `items` and `end` are the names that its elements have there.
pub(super) fn write_list<T: Listed>(
    writer: &mut Writer,
    list: &List<T>,
    items: &'static str,
    end: &'static str,
) {
    writer.element("n:EnumerationContext", list.context.as_deref().unwrap_or_default());
    writer.start(items);
    for item in &list.items {
        item.write(writer);
    }
    writer.end();
    if list.context.is_none() {
        writer.start(end).end();
    }
}

/// Reads the children of the answer; the same elements are DMTF's in one answer and WS-Enumeration's in the other.
pub(super) fn read_list<T: Listed>(reader: &mut Reader<'_>) -> Result<List<T>, Error> {
    let mut list = List::default();
    while let Some(element) = reader.child()? {
        match element.name() {
            (Namespace::Enumeration, "EnumerationContext") => {
                list.context = Some(reader.trimmed_content()?).filter(|context| !context.is_empty());
            }
            (Namespace::Enumeration | Namespace::WsMan, "Items") => read_items(reader, &mut list.items)?,
            (Namespace::Enumeration | Namespace::WsMan, "EndOfSequence") => {
                reader.skip()?;
                list.context = None;
            }
            _ => reader.skip()?,
        }
    }
    Ok(list)
}

fn read_items<T: Listed>(reader: &mut Reader<'_>, items: &mut Vec<T>) -> Result<(), Error> {
    while let Some(item) = reader.child()? {
        if item.name() == (Namespace::Shell, T::NAME) {
            items.push(T::read(reader)?);
        } else {
            reader.skip()?;
        }
    }
    Ok(())
}

/// The most that Windows takes, `MaxBatchItems`.
pub(super) const MAX_ELEMENTS: &str = "32000";
