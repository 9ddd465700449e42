//! The commands that are cmd.exe's own.

use super::super::console::Console;
use super::super::pipe::Broken;
use super::{Interpreter, listing};

/// A built-in command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Call,
    ChangeDirectory,
    Clear,
    Date,
    Directory,
    Echo,
    Exit,
    Remark,
    Set,
    Time,
    Type,
    Version,
    /// One that this machine does not have, although Windows does.
    Missing(&'static str),
}

impl Builtin {
    /// Takes the built-in command's name off a command's text. cmd.exe ends a name at more than spaces: `echo.`,
    /// `cd\` and `exit/b` name one too.
    pub(super) fn split(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end)?;
        let separated =
            rest.is_empty() || rest.starts_with([' ', '\t', '.', ':', '\\', '/', ',', ';', '=', '(', '+']);
        if !separated {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let program = rest.get(..4).is_some_and(|suffix| suffix.eq_ignore_ascii_case(".exe"));
        let builtin = NAMES.iter().find(|(spelling, _)| *spelling == name)?.1;
        (!program).then_some((builtin, rest))
    }
}

impl Interpreter<'_> {
    pub(super) async fn builtin(
        &mut self,
        builtin: Builtin,
        rest: &str,
        console: &mut Console,
    ) -> Result<(), Broken> {
        self.level = match builtin {
            Builtin::Call => return Box::pin(self.command(rest.trim_start(), console)).await,
            Builtin::Exit => self.exit(rest),
            Builtin::ChangeDirectory => change_directory(rest, console).await?,
            Builtin::Clear => {
                console.stdout.write("\x0c").await?;
                0
            }
            Builtin::Date => self.clock("The current date is: ", rest, console).await?,
            Builtin::Time => self.clock("The current time is: ", rest, console).await?,
            Builtin::Directory => listing::directory(self.machine, rest, console).await?,
            Builtin::Echo => echo(rest, console).await?,
            Builtin::Remark => 0,
            Builtin::Set => set(rest, console).await?,
            Builtin::Type => listing::type_files(self.machine, rest, console).await?,
            Builtin::Version => {
                let version = self.machine.version();
                console.stdout.line(&format!("\r\nMicrosoft Windows [Version {version}]")).await?;
                0
            }
            Builtin::Missing(name) => {
                let message = format!("The simulated machine's cmd.exe has no '{name}'.");
                console.stderr.line(&message).await?;
                1
            }
        };
        Ok(())
    }

    /// `exit`, `exit /b`, `exit 3`: without a code, the one before stays.
    fn exit(&mut self, rest: &str) -> i32 {
        self.leaving = true;
        let mut words = rest.split([' ', '\t', ',', ';', '=']).filter(|word| !word.is_empty());
        let code = words.find(|word| !word.eq_ignore_ascii_case("/b"));
        code.map_or(self.level, leading_number)
    }

    async fn clock(&self, label: &str, rest: &str, console: &Console) -> Result<i32, Broken> {
        let now = self.machine.now();
        let text = if label.contains("date") { now.short_date() } else { now.short_time() };
        let text = if rest.trim().eq_ignore_ascii_case("/t") { text } else { format!("{label}{text}") };
        console.stdout.line(&text).await?;
        Ok(0)
    }
}

/// As `atoi` reads it: what begins like a number is one, and anything else is 0.
fn leading_number(word: &str) -> i32 {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let magnitude: i64 = digits.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let signed = if word.starts_with('-') { -magnitude } else { magnitude };
    i32::try_from(signed).unwrap_or_else(|_| {
        // Windows' exit codes are 32 bits without a sign; 3221225786 is one that programs end with.
        u32::try_from(signed).map_or(i32::MAX, u32::cast_signed)
    })
}

async fn echo(rest: &str, console: &Console) -> Result<i32, Broken> {
    // One separator belongs to the command, everything behind it to the text.
    let mut characters = rest.chars();
    let separator = characters.next();
    let text = characters.as_str();
    match text.trim() {
        "" if separator.is_none_or(|c| matches!(c, ' ' | '\t')) => console.stdout.line("ECHO is on.").await?,
        state if state.eq_ignore_ascii_case("on") || state.eq_ignore_ascii_case("off") => {}
        _ => console.stdout.line(text).await?,
    }
    Ok(0)
}

async fn set(rest: &str, console: &mut Console) -> Result<i32, Broken> {
    let rest = rest.trim_start();
    let unquoted =
        rest.strip_prefix('"').map(|inner| inner.rsplit_once('"').map_or(inner, |(inner, _)| inner));
    let text = unquoted.unwrap_or(rest);
    if let Some((name, value)) = text.split_once('=') {
        if value.is_empty() {
            console.environment.remove(name);
        } else {
            console.environment.set(name, value);
        }
        return Ok(0);
    }
    let prefix = text.trim_end();
    let mut found = String::new();
    for (name, value) in console.environment.beginning_with(prefix) {
        found.push_str(&format!("{name}={value}\r\n"));
    }
    if found.is_empty() {
        console.stderr.line(&format!("Environment variable {prefix} not defined")).await?;
        return Ok(1);
    }
    console.stdout.write(found).await?;
    Ok(0)
}

async fn change_directory(rest: &str, console: &mut Console) -> Result<i32, Broken> {
    let target = rest.trim().trim_start_matches("/d").trim_start_matches("/D").trim().trim_matches('"');
    if target.is_empty() {
        console.stdout.line(&console.directory).await?;
        return Ok(0);
    }
    let mut letters = target.chars();
    let drive = letters.next().is_some_and(|c| c.eq_ignore_ascii_case(&'c')) && letters.next() == Some(':');
    let absolute = if drive {
        target.to_owned()
    } else if target.starts_with('\\') {
        format!("C:{target}")
    } else {
        format!("{}\\{target}", console.directory.trim_end_matches('\\'))
    };
    if !super::super::is_directory(&absolute) {
        console.stderr.line("The system cannot find the path specified.").await?;
        return Ok(1);
    }
    console.directory = absolute;
    Ok(0)
}

const NAMES: [(&str, Builtin); 36] = [
    ("call", Builtin::Call),
    ("cd", Builtin::ChangeDirectory),
    ("chdir", Builtin::ChangeDirectory),
    ("cls", Builtin::Clear),
    ("date", Builtin::Date),
    ("dir", Builtin::Directory),
    ("echo", Builtin::Echo),
    ("exit", Builtin::Exit),
    ("rem", Builtin::Remark),
    ("set", Builtin::Set),
    ("time", Builtin::Time),
    ("type", Builtin::Type),
    ("ver", Builtin::Version),
    ("assoc", Builtin::Missing("assoc")),
    ("break", Builtin::Missing("break")),
    ("color", Builtin::Missing("color")),
    ("copy", Builtin::Missing("copy")),
    ("del", Builtin::Missing("del")),
    ("erase", Builtin::Missing("erase")),
    ("for", Builtin::Missing("for")),
    ("ftype", Builtin::Missing("ftype")),
    ("goto", Builtin::Missing("goto")),
    ("if", Builtin::Missing("if")),
    ("md", Builtin::Missing("md")),
    ("mkdir", Builtin::Missing("mkdir")),
    ("mklink", Builtin::Missing("mklink")),
    ("move", Builtin::Missing("move")),
    ("pause", Builtin::Missing("pause")),
    ("popd", Builtin::Missing("popd")),
    ("pushd", Builtin::Missing("pushd")),
    ("rd", Builtin::Missing("rd")),
    ("ren", Builtin::Missing("ren")),
    ("rmdir", Builtin::Missing("rmdir")),
    ("shift", Builtin::Missing("shift")),
    ("start", Builtin::Missing("start")),
    ("title", Builtin::Missing("title")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_cmd_ends_it() {
        assert_eq!(Builtin::split("echo.text"), Some((Builtin::Echo, ".text")));
        assert_eq!(Builtin::split("EXIT/b 3"), Some((Builtin::Exit, "/b 3")));
        assert_eq!(Builtin::split("echoes"), None);
        assert_eq!(Builtin::split("hostname"), None);
        assert_eq!(Builtin::split("time.exe"), None);
    }

    #[test]
    fn exit_codes_are_read_as_cmd_reads_them() {
        for (word, code) in [("3", 3), ("-1", -1), ("7x", 7), ("x", 0), ("3221225786", -1_073_741_510)] {
            assert_eq!(leading_number(word), code, "{word}");
        }
    }
}
