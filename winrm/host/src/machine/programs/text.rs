//! Programs that read their input and write what they made of it.

use super::super::console::Console;
use super::super::pipe::Broken;

/// Passes its input on, a chunk at a time.
pub(super) async fn more(console: &Console) -> Result<i32, Broken> {
    while let Some(bytes) = console.stdin.read().await {
        console.stdout.write(bytes).await?;
    }
    Ok(0)
}

/// Sorts lines without regard to case; `/r` turns the order round.
pub(super) async fn sort(arguments: &[String], console: &Console) -> Result<i32, Broken> {
    let input = console.stdin.read_to_end().await;
    let mut lines: Vec<&[u8]> = lines(&input).collect();
    lines.sort_by_cached_key(|line| line.to_ascii_uppercase());
    if arguments.iter().any(|option| option.eq_ignore_ascii_case("/r")) {
        lines.reverse();
    }
    let mut output = Vec::with_capacity(input.len());
    for line in lines {
        output.extend_from_slice(line);
        output.extend_from_slice(b"\r\n");
    }
    console.stdout.write(output).await?;
    Ok(0)
}

/// `find [/v] [/c] [/i] "text"`.
pub(super) async fn find(arguments: &[String], console: &Console) -> Result<i32, Broken> {
    let (mut search, mut count) = (Search::default(), false);
    for argument in arguments {
        match argument.to_ascii_lowercase().as_str() {
            "/v" => search.inverted = true,
            "/i" => search.any_case = true,
            "/c" => count = true,
            _ => search.needles.push(argument.clone()),
        }
    }
    if search.needles.len() != 1 {
        console.stderr.line("FIND: Parameter format not correct").await?;
        return Ok(2);
    }
    let input = console.stdin.read_to_end().await;
    let found: Vec<&[u8]> = lines(&input).filter(|line| search.matches(line)).collect();
    if count {
        console.stdout.line(&found.len().to_string()).await?;
    } else {
        write_lines(&found, console).await?;
    }
    Ok(i32::from(found.is_empty()))
}

/// `findstr [/i] [/v] [/b] [/e] [/x] [/c:"text"] words`: literal text; this machine's has no expressions.
pub(super) async fn findstr(arguments: &[String], console: &Console) -> Result<i32, Broken> {
    let mut search = Search::default();
    for argument in arguments {
        let lower = argument.to_ascii_lowercase();
        if let Some(text) =
            lower.strip_prefix("/c:").and_then(|text| argument.get(argument.len() - text.len()..))
        {
            search.needles.push(text.to_owned());
            continue;
        }
        match lower.as_str() {
            "/i" => search.any_case = true,
            "/v" => search.inverted = true,
            "/b" => search.place = Place::Begin,
            "/e" => search.place = Place::End,
            "/x" => search.place = Place::Whole,
            "/l" | "/r" => {}
            _ if lower.starts_with('/') => {
                console.stderr.line(&format!("FINDSTR: {argument} ignored")).await?;
            }
            _ => {
                let words = argument.split(' ').filter(|word| !word.is_empty());
                search.needles.extend(words.map(str::to_owned));
            }
        }
    }
    if search.needles.is_empty() {
        console.stderr.line("FINDSTR: Bad command line").await?;
        return Ok(2);
    }
    let input = console.stdin.read_to_end().await;
    let found: Vec<&[u8]> = lines(&input).filter(|line| search.matches(line)).collect();
    write_lines(&found, console).await?;
    Ok(i32::from(found.is_empty()))
}

#[derive(Debug, Default)]
struct Search {
    needles: Vec<String>,
    any_case: bool,
    inverted: bool,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Anywhere,
    Begin,
    End,
    Whole,
}

impl Search {
    fn matches(&self, line: &[u8]) -> bool {
        let fold = |bytes: &[u8]| if self.any_case { bytes.to_ascii_lowercase() } else { bytes.to_vec() };
        let line = fold(line);
        let found = self.needles.iter().any(|needle| {
            let needle = fold(needle.as_bytes());
            match self.place {
                Place::Anywhere => {
                    needle.is_empty() || line.windows(needle.len()).any(|window| window == needle)
                }
                Place::Begin => line.starts_with(&needle),
                Place::End => line.ends_with(&needle),
                Place::Whole => line == needle,
            }
        });
        found != self.inverted
    }
}

/// Lines without their ends.
fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let input = input.strip_suffix(b"\n").unwrap_or(input);
    let lines = (!input.is_empty()).then(|| input.split(|byte| *byte == b'\n'));
    lines.into_iter().flatten().map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

async fn write_lines(lines: &[&[u8]], console: &Console) -> Result<(), Broken> {
    let mut output = Vec::new();
    for line in lines {
        output.extend_from_slice(line);
        output.extend_from_slice(b"\r\n");
    }
    console.stdout.write(output).await
}
