//! `simulate.exe`, which no Windows has: output and behaviour that tests need to the byte.

use std::time::Duration;

use bytes::Bytes;

use super::super::console::Console;
use super::super::pipe::Broken;

/// Runs one of its verbs; what they do stands in the crate's README.
pub(super) async fn simulate(arguments: &[String], console: &Console) -> Result<i32, Broken> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["cat"] => cat(console).await,
        ["exit", code] => Ok(code.parse().unwrap_or(USAGE)),
        ["flood", bytes] => flood(bytes.parse().unwrap_or(0), console).await,
        ["hang"] => std::future::pending().await,
        ["hex", digits] => hex(digits, console).await,
        ["sleep", seconds] => sleep(seconds, console).await,
        ["split", text] => split(text, console).await,
        ["stderr", text @ ..] => {
            console.stderr.line(&text.join(" ")).await?;
            Ok(0)
        }
        ["tick", count, milliseconds] => tick(count, milliseconds, console).await,
        _ => {
            console.stderr.line("simulate: cat | exit CODE | flood BYTES | hang | hex DIGITS | sleep SECONDS | split TEXT | stderr TEXT | tick COUNT MILLISECONDS").await?;
            Ok(USAGE)
        }
    }
}

/// Input becomes output, chunk by chunk and byte by byte the same.
async fn cat(console: &Console) -> Result<i32, Broken> {
    while let Some(bytes) = console.stdin.read().await {
        console.stdout.write(bytes).await?;
    }
    Ok(0)
}

/// That many bytes as fast as they are taken: lines of 64 bytes with their line breaks.
async fn flood(bytes: u64, console: &Console) -> Result<i32, Broken> {
    let block = Bytes::from(LINE.repeat(BLOCK_LINES));
    let mut left = bytes;
    while left > 0 {
        let size = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        console.stdout.write(block.slice(..size)).await?;
        left -= u64::try_from(size).unwrap_or(left);
    }
    Ok(0)
}

/// Raw bytes, such as a line in code page 437.
async fn hex(digits: &str, console: &Console) -> Result<i32, Broken> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    match pairs.collect::<Option<Vec<u8>>>() {
        Some(bytes) => {
            console.stdout.write(bytes).await?;
            Ok(0)
        }
        None => Ok(USAGE),
    }
}

async fn sleep(seconds: &str, console: &Console) -> Result<i32, Broken> {
    let duration = seconds.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let Some(duration) = duration else { return Ok(USAGE) };
    tokio::time::sleep(duration).await;
    console.stdout.line("slept").await?;
    Ok(0)
}

/// The text's UTF-8 one byte at a time, so that a reader meets halves of characters.
async fn split(text: &str, console: &Console) -> Result<i32, Broken> {
    for byte in text.bytes() {
        console.stdout.write(vec![byte]).await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(0)
}

async fn tick(count: &str, milliseconds: &str, console: &Console) -> Result<i32, Broken> {
    let (Ok(count), Ok(pause)) = (count.parse::<u64>(), milliseconds.parse()) else { return Ok(USAGE) };
    for number in 1..=count {
        console.stdout.line(&format!("tick {number}")).await?;
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    Ok(0)
}

const USAGE: i32 = 87;
const LINE: &[u8; 64] = b"The quick brown fox jumps over the lazy dog, time and again.. \r\n";
const BLOCK_LINES: usize = 1024;
