//! Why something is computed here and not on the host.

/// Why something is computed here and not on the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A value, a command that is evaluated here, or a function or block of the script's own.
    #[error("what is piped is a value of the script")]
    Value,
    /// A command that is not known to only look.
    #[error("`{0}` is not known to only read, and runs alone")]
    Change(String),
    /// A program's lines are filtered here.
    #[error("`{0}` is a program")]
    Program(String),
    /// A redirection, or a variable that gathers output or errors.
    #[error("redirections and `-OutVariable`, `-ErrorVariable` and their kin are looked after here")]
    Gathered,
    /// A condition that is more than comparisons of properties.
    #[error("this condition is more than properties compared with fixed values")]
    Condition,
    /// An operator that has no exact counterpart.
    #[error("no typed filter says exactly this operator")]
    Operator,
    /// What is compared with may change while the pipeline runs.
    #[error("what is compared with may change while the pipeline runs")]
    Changing,
    /// The script asks for `$Matches`.
    #[error("`$Matches` is set here")]
    Matches,
    /// A property with a wildcard or with a meaning of its own.
    #[error("the property `{0}` means something else to a typed filter")]
    Property(String),
    /// A parameter that does not travel.
    #[error("`-{0}` does not travel")]
    Parameter(String),
    /// Sorting by what may be text, or may be missing.
    #[error("`{0}` is not known to be a number or date, and the order of texts is a matter of culture")]
    Order(String),
    /// Sorting alone moves nothing less.
    #[error("nothing less would travel")]
    Useless,
    /// The whole objects are needed.
    #[error("the rest needs the objects whole")]
    Whole,
    /// A missing property and one without a value would look the same.
    #[error("not every object is known to have `{0}`")]
    Missing(String),
    /// Arguments that are only known when it runs.
    #[error("the arguments are not written out")]
    Arguments,
}
