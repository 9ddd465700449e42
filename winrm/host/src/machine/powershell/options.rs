//! The command line of `powershell.exe`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What it is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) script: Script,
    pub(super) format: Format,
}

/// Where the script comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// The command line.
    Text(String),
    /// Standard input, line by line.
    Stdin,
    /// A file, of which this machine has none.
    File(String),
}

/// How a process writes its streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As a console shows them.
    Text,
    /// Output as a console shows it, and everything else as CLIXML on standard error, errors line by line. Windows does
    /// so for `-EncodedCommand` when standard error is redirected and nobody asked for another format.
    ErrorsAsClixml,
    /// `-OutputFormat XML`: objects as CLIXML on standard output, records on standard error.
    Clixml,
}

/// A command line that `powershell.exe` refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Not base64 of UTF-16.
    Encoding,
    /// An option that needs a value has none.
    MissingValue(&'static str),
}

impl Options {
    pub(super) fn parse(arguments: &[String]) -> Result<Self, Refused> {
        let mut format = None;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let Some(option) = option(word) else {
                // The first word that is no option begins a command.
                let text = std::iter::once(word).chain(words).cloned().collect::<Vec<_>>().join(" ");
                return Ok(Self { script: Script::Text(text), format: format.unwrap_or(Format::Text) });
            };
            match option {
                "encodedcommand" => {
                    let script = words.next().ok_or(Refused::MissingValue("EncodedCommand"))?;
                    let script = Script::Text(decode(script).ok_or(Refused::Encoding)?);
                    return Ok(Self { script, format: format.unwrap_or(Format::ErrorsAsClixml) });
                }
                "command" => {
                    let text = words.cloned().collect::<Vec<_>>().join(" ");
                    let script = match text.as_str() {
                        "" => return Err(Refused::MissingValue("Command")),
                        "-" => Script::Stdin,
                        _ => Script::Text(text),
                    };
                    return Ok(Self { script, format: format.unwrap_or(Format::Text) });
                }
                "file" => {
                    let file = words.next().ok_or(Refused::MissingValue("File"))?;
                    let script = if file == "-" { Script::Stdin } else { Script::File(file.clone()) };
                    return Ok(Self { script, format: format.unwrap_or(Format::Text) });
                }
                "outputformat" => {
                    let named = words.next().ok_or(Refused::MissingValue("OutputFormat"))?;
                    let xml = named.eq_ignore_ascii_case("xml");
                    format = Some(if xml { Format::Clixml } else { Format::Text });
                }
                "executionpolicy" | "inputformat" | "windowstyle" | "configurationname" | "version"
                | "psconsolefile" => {
                    let _value = words.next();
                }
                _ => {}
            }
        }
        Ok(Self { script: Script::Stdin, format: format.unwrap_or(Format::Text) })
    }
}

/// The option that a word names, possibly shortened.
fn option(word: &str) -> Option<&'static str> {
    let name = word.strip_prefix(['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'])?.to_ascii_lowercase();
    let named = OPTIONS.iter().find(|(full, shortest)| full.starts_with(&name) && name.starts_with(shortest));
    named
        .or_else(|| OPTIONS.iter().find(|(full, _)| EXACT.contains(&(name.as_str(), full))))
        .map(|(full, _)| *full)
}

fn decode(encoded: &str) -> Option<String> {
    let bytes = STANDARD.decode(encoded).ok()?;
    let units: Vec<u16> = bytes
        .chunks(2)
        .map(|pair| <[u8; 2]>::try_from(pair).map(u16::from_le_bytes))
        .collect::<Result<_, _>>()
        .ok()?;
    String::from_utf16(&units).ok()
}

/// Each option with the shortest beginning that names it.
const OPTIONS: [(&str, &str); 17] = [
    ("command", "c"),
    ("configurationname", "config"),
    ("encodedarguments", "encodeda"),
    ("encodedcommand", "e"),
    ("executionpolicy", "ex"),
    ("file", "f"),
    ("inputformat", "i"),
    ("mta", "mta"),
    ("noexit", "noe"),
    ("nologo", "nol"),
    ("noninteractive", "noni"),
    ("noprofile", "nop"),
    ("outputformat", "o"),
    ("psconsolefile", "ps"),
    ("sta", "sta"),
    ("version", "v"),
    ("windowstyle", "w"),
];
/// Abbreviations that are no beginnings.
const EXACT: [(&str, &str); 2] = [("ec", "encodedcommand"), ("ep", "executionpolicy")];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Refused> {
        Options::parse(
            &line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn an_encoded_command_may_be_called_by_any_of_its_names() {
        // "hi" in UTF-16.
        for line in [
            "-NoProfile -NonInteractive -EncodedCommand aABpAA==",
            "-nop -noni -ep Bypass -enc aABpAA==",
            "/e aABpAA==",
            "-ec aABpAA==",
        ] {
            let options = parse(line).unwrap();
            assert_eq!(options.script, Script::Text("hi".to_owned()), "{line}");
            assert_eq!(options.format, Format::ErrorsAsClixml, "{line}");
        }
        let text = parse("-OutputFormat Text -EncodedCommand aABpAA==").unwrap();
        assert_eq!(text.format, Format::Text);
        let objects = parse("-OutputFormat XML -NoProfile -EncodedCommand aABpAA==").unwrap();
        assert_eq!(objects.format, Format::Clixml);
    }

    #[test]
    fn commands_are_text_and_may_come_from_stdin() {
        assert_eq!(
            parse("-Command Get-Date -Format o").unwrap().script,
            Script::Text("Get-Date -Format o".into())
        );
        assert_eq!(parse("-NoLogo Get-Date").unwrap().script, Script::Text("Get-Date".into()));
        assert_eq!(parse("-Command -").unwrap().script, Script::Stdin);
        assert_eq!(parse("-NoProfile").unwrap().script, Script::Stdin);
        assert_eq!(parse("-EncodedCommand a"), Err(Refused::Encoding));
        assert_eq!(parse("-EncodedCommand"), Err(Refused::MissingValue("EncodedCommand")));
    }
}
