/// What one document may cost its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub size: usize,
    /// Elements open at the same time.
    pub depth: usize,
    /// Tags, texts, references and comments in the whole document.
    pub nodes: usize,
    /// Bytes between the name and the end of one start tag.
    pub attribute_bytes: usize,
    /// Attributes of one start tag, namespace declarations included.
    pub attributes: usize,
    /// Namespace declarations in force at the same time.
    pub namespaces: usize,
}

impl Limits {
    /// These limits with another size.
    #[must_use]
    pub const fn with_size(self, size: usize) -> Self {
        Self { size, ..self }
    }
}

impl Default for Limits {
    /// Room for any envelope that a Windows host sends with the largest `MaxEnvelopeSize` we ask for.
    fn default() -> Self {
        Self {
            size: 16 * 1024 * 1024,
            depth: 64,
            nodes: 1_000_000,
            attribute_bytes: 64 * 1024,
            attributes: 64,
            namespaces: 64,
        }
    }
}
