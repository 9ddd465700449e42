/// What a document may hold beyond what our protocols need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// XML 1.0 without document types and processing instructions.
    #[default]
    Xml,
    /// As PowerShell reads CLIXML: processing instructions are passed over, and a numeric reference may name any UTF-16
    /// code unit. A surrogate comes out in CLIXML's own notation, `_xD83D_`.
    Clixml,
}
