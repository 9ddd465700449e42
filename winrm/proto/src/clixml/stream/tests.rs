use super::*;

const BLOCK: &str = concat!(
    "#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">",
    "<S S=\"Error\">no such thing_x000D__x000A_</S><S S=\"warning\">careful</S></Objs>"
);

/// Adjacent text joined, because where text is cut is not promised.
fn shown(pieces: Vec<Piece>) -> Vec<(Option<Stream>, String)> {
    let mut shown: Vec<(Option<Stream>, String)> = Vec::new();
    for piece in pieces {
        let (stream, text) = match &piece {
            Piece::Text(_) => (None, piece.text()),
            Piece::Value { stream, .. } => (Some(*stream), piece.text()),
        };
        match shown.last_mut() {
            Some((None, before)) if stream.is_none() => before.push_str(&text),
            _ => shown.push((stream, text)),
        }
    }
    shown
}

fn decode(input: &[u8], chunk: usize) -> Vec<(Option<Stream>, String)> {
    let mut decoder = TextDecoder::default();
    let mut pieces = Vec::new();
    for chunk in input.chunks(chunk) {
        pieces.extend(decoder.push(chunk));
    }
    pieces.extend(decoder.finish());
    shown(pieces)
}

fn both() -> [(Option<Stream>, String); 2] {
    [(Some(Stream::Error), "no such thing\r\n".to_owned()), (Some(Stream::Warning), "careful".to_owned())]
}

fn text(text: &str) -> (Option<Stream>, String) {
    (None, text.to_owned())
}

#[test]
fn blocks_are_found_anywhere_however_the_stream_is_cut() {
    let documents = BLOCK.strip_prefix("#< CLIXML\r\n").unwrap();
    let input = format!("before\n#< not{BLOCK}{documents}\r\nbetween\r\n{BLOCK}\r\nafter #< CLI");
    let expected: Vec<_> = [text("before\n#< not")]
        .into_iter()
        .chain(both())
        .chain(both())
        .chain([text("between\r\n")])
        .chain(both())
        .chain([text("after #< CLI")])
        .collect();
    for chunk in 1..input.len() {
        assert_eq!(decode(input.as_bytes(), chunk), expected, "chunks of {chunk}");
    }
}

#[test]
fn what_cannot_be_read_stays_text() {
    let broken = "#< CLIXML\r\n<Objs><S>x</Objs>tail";
    assert_eq!(decode(broken.as_bytes(), 7), [text("<Objs><S>x</Objs>tail")]);
    let cut = "#< CLIXML\r\n<Objs><S>x</S>";
    assert_eq!(decode(cut.as_bytes(), 7), [text("<Objs><S>x</S>")]);
}

#[test]
fn a_block_without_end_is_given_up_at_the_limit() {
    let mut decoder = TextDecoder::new(Limits { size: 1000, ..Limits::default() });
    let mut pieces = decoder.push(b"#< CLIXML\n<Objs>");
    for _ in 0..200 {
        pieces.extend(decoder.push(b"<S>1234567</S>"));
        assert!(decoder.pending.len() <= 1100);
    }
    assert!(!pieces.is_empty());
}

#[test]
fn bytes_that_are_not_utf8_pass_through() {
    let mut decoder = TextDecoder::default();
    assert_eq!(decoder.push(b"\xff\xfe text"), [Piece::Text(b"\xff\xfe text".to_vec())]);
}
