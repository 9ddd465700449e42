//! PowerShell as a native program.

mod encoded_script;

pub use encoded_script::EncodedScript;
