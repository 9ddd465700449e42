//! PowerShell as a native program: `powershell.exe -EncodedCommand` in a WinRS shell.
//!
//! A short script travels on the command line, encoded, so that neither cmd.exe nor the command-line parser of
//! powershell.exe sees a character of it. A longer one would meet cmd.exe's limit of 8,191 characters, which it
//! can cut silently, so it travels over standard input to an encoded line that reads it. `-Command -` is never
//! used: it runs line by line and goes on after a parse error.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;

/// A script made ready for a WinRS shell whose code page is 65001 (UTF-8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedScript {
    /// Always `powershell.exe`, found on the host's PATH.
    pub executable: &'static str,
    /// The arguments; none needs quoting.
    pub arguments: Vec<String>,
    /// What to write to standard input, and then to close it; `None` where the script is on the command line.
    pub stdin: Option<Bytes>,
}

impl EncodedScript {
    /// Makes `script` ready: on the command line if that stays within cmd.exe's limit, else over standard input.
    #[must_use]
    pub fn new(script: &str) -> Self {
        let encoded = encode(script);
        if encoded.len() + COMMAND_LINE_OVERHEAD <= COMMAND_LINE_LIMIT {
            Self::with(encoded, None)
        } else {
            Self::with(encode(STDIN_SCRIPT.trim_end()), Some(Bytes::copy_from_slice(script.as_bytes())))
        }
    }

    /// Makes a pipeline ready whose objects and records are to come back as CLIXML (`-OutputFormat XML`).
    ///
    /// The process exits with 0, whatever errors it wrote, unless one of them ended the pipeline, which is then the last.
    #[must_use]
    pub fn objects(pipeline: &str) -> Self {
        let mut script = Self::new(&format!("try {{ {pipeline} }} catch {{ throw }}\nexit 0"));
        script.arguments.splice(0..0, AS_OBJECTS.map(str::to_owned));
        script
    }

    fn with(encoded: String, stdin: Option<Bytes>) -> Self {
        let mut arguments: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        arguments.push(encoded);
        Self { executable: EXECUTABLE, arguments, stdin }
    }
}

/// Base64 of UTF-16LE, what `-EncodedCommand` takes.
fn encode(script: &str) -> String {
    let units: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    BASE64_STANDARD.encode(units)
}

const EXECUTABLE: &str = "powershell.exe";
const FLAGS: [&str; 3] = ["-NoProfile", "-NonInteractive", "-EncodedCommand"];
const AS_OBJECTS: [&str; 2] = ["-OutputFormat", "XML"];

/// cmd.exe's limit in characters.
const COMMAND_LINE_LIMIT: usize = 8_191;

/// Room for the program, its flags and what WinRS puts before them (`%COMSPEC% /C "…"`).
const COMMAND_LINE_OVERHEAD: usize = 256;

/// Reads the script from standard input and runs it as one block.
const STDIN_SCRIPT: &str = include_str!("scripts/stdin.ps1");

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(argument: &str) -> String {
        let bytes = BASE64_STANDARD.decode(argument).unwrap();
        let units: Vec<u16> =
            bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16(&units).unwrap()
    }

    #[test]
    fn a_short_script_is_an_argument() {
        let script = EncodedScript::new("Get-Service -Name 'Größe 日本'");
        assert_eq!(script.stdin, None);
        assert_eq!(script.arguments[..3], FLAGS);
        assert_eq!(decode(&script.arguments[3]), "Get-Service -Name 'Größe 日本'");
    }

    #[test]
    fn a_long_script_travels_over_standard_input() {
        let text = format!("'{}'", "ü".repeat(10_000));
        let script = EncodedScript::new(&text);
        assert_eq!(script.stdin.as_deref(), Some(text.as_bytes()));
        assert_eq!(decode(&script.arguments[3]), "& ([ScriptBlock]::Create([Console]::In.ReadToEnd()))");
    }

    #[test]
    fn objects_come_back_as_clixml_and_the_exit_code_tells_what_ended_the_pipeline() {
        let script = EncodedScript::objects("Get-Item -Path 'C:\\'");
        assert_eq!(script.arguments[..2], AS_OBJECTS);
        assert_eq!(decode(&script.arguments[5]), "try { Get-Item -Path 'C:\\' } catch { throw }\nexit 0");
    }

    #[test]
    fn no_command_line_passes_the_limit_of_cmd() {
        for length in [0, 1, 2_900, 2_970, 2_975, 2_976, 2_980, 3_100, 100_000] {
            let script = EncodedScript::new(&"x".repeat(length));
            let line = script.arguments.iter().map(|argument| argument.len() + 1).sum::<usize>();
            assert!(line + EXECUTABLE.len() + 32 <= COMMAND_LINE_LIMIT, "{length}: {line}");
        }
    }
}
