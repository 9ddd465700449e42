//! `dir` and `type`.

use std::time::Duration;

use super::super::console::Console;
use super::super::files::{Entry, Kind};
use super::super::pipe::Broken;
use super::super::{Machine, thousands};
use super::words;

/// `dir [/b] [PATH]`.
pub(super) async fn directory(machine: &Machine, rest: &str, console: &Console) -> Result<i32, Broken> {
    let words = words(rest);
    let bare = words.iter().any(|word| word.eq_ignore_ascii_case("/b"));
    let path = words.iter().find(|word| !word.starts_with('/')).map_or(&console.directory, |path| path);
    let Some(entry) = machine.files.find(&absolute(path, console)) else {
        console.stderr.line("File Not Found").await?;
        return Ok(1);
    };
    let entries =
        if entry.is_directory() { machine.files.children(&entry).collect() } else { vec![entry.clone()] };
    if bare {
        for entry in entries {
            console.stdout.line(entry.name()).await?;
        }
        return Ok(0);
    }
    let shown = if entry.is_directory() { &*entry.path } else { entry.parent() };
    let (drive, label) = if shown.starts_with('D') { ('D', "Data") } else { ('C', "Windows") };
    let mut text = format!(
        " Volume in drive {drive} is {label}\r\n Volume Serial Number is 5A1C-08D2\r\n\r\n Directory of {shown}\r\n\r\n"
    );
    let line = |entry: &Entry| {
        let written = machine.started.before(Duration::from_secs(u64::from(entry.age) * 86_400));
        let size = match entry.size() {
            Some(size) => format!("{:>17}", thousands(size.unsigned_abs())),
            None => format!("{:<17}", "   <DIR>"),
        };
        format!("{} {size} {}\r\n", written.formatted("MM/dd/yyyy  hh:mm tt"), entry.name())
    };
    text.extend(entries.iter().map(line));
    let files: Vec<u64> = entries.iter().filter_map(Entry::size).map(i64::unsigned_abs).collect();
    let directories = entries.len() - files.len();
    let bytes = thousands(files.iter().sum());
    text.push_str(&format!("{:>16} File(s) {bytes:>14} bytes\r\n", files.len()));
    text.push_str(&format!("{directories:>16} Dir(s)  {} bytes free\r\n", thousands(FREE)));
    console.stdout.write(text).await?;
    Ok(0)
}

/// `type FILE…`.
pub(super) async fn type_files(machine: &Machine, rest: &str, console: &Console) -> Result<i32, Broken> {
    let words = words(rest);
    if words.is_empty() {
        console.stderr.line("The syntax of the command is incorrect.").await?;
        return Ok(1);
    }
    let mut level = 0;
    for path in words {
        let problem = match machine.files.find(&absolute(&path, console)).map(|entry| entry.kind) {
            Some(Kind::File(content)) => {
                console.stdout.write(content).await?;
                continue;
            }
            Some(Kind::Zeros(size)) => {
                zeros(size, console).await?;
                continue;
            }
            Some(Kind::Directory) => "Access is denied.",
            Some(Kind::Locked(_)) => {
                "The process cannot access the file because it is being used by another process."
            }
            None => "The system cannot find the file specified.",
        };
        console.stderr.line(problem).await?;
        level = 1;
    }
    Ok(level)
}

/// Writes as many zeros as a file has bytes, a piece at a time.
async fn zeros(size: u64, console: &Console) -> Result<(), Broken> {
    let mut left = usize::try_from(size).unwrap_or(usize::MAX);
    while left > 0 {
        let piece = left.min(64 * 1024);
        console.stdout.write(vec![0; piece]).await?;
        left -= piece;
    }
    Ok(())
}

/// A path from where the interpreter stands.
fn absolute(path: &str, console: &Console) -> String {
    if path.contains(':') || path.starts_with('\\') {
        path.to_owned()
    } else {
        format!("{}\\{path}", console.directory.trim_end_matches('\\'))
    }
}

const FREE: u64 = 91_268_055_040;
